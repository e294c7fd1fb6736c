/* SPDX-License-Identifier: Apache-2.0 */
/* Closers: a hash over the snapshot's processes. */
#include "exporter/platform/linux/bpf/closers.h"

#include <string.h>

void closers_release(struct closers *closers)
{
	hash_index_release(&closers->index);
}

void closers_begin(struct closers *closers)
{
	hash_index_reset(&closers->index);
	closers->entered = 0;
}

static uint64_t hash_of(uint32_t pid, uint64_t start)
{
	return hash_mix(hash_mix(0, pid), start);
}

static bool is_process(const void *data, uint32_t entry, const void *key)
{
	const struct snapshot *snapshot = data;
	const struct closer *closer = key;

	return snapshot->processes[entry].pid == closer->pid && snapshot->processes[entry].start == closer->start;
}

/* Enters the processes that the snapshot has got since the last call. */
static int enter_processes(struct closers *closers, const struct snapshot *snapshot)
{
	int result = hash_index_reserve(&closers->index, snapshot->process_count);

	for (; result == 0 && closers->entered < snapshot->process_count; closers->entered++) {
		const struct snapshot_process *process = &snapshot->processes[closers->entered];

		hash_enter(&closers->index, hash_of(process->pid, process->start), (uint32_t)closers->entered);
	}
	return result;
}

static int add_process(struct snapshot *snapshot, const struct closer *closer, uint32_t *owner)
{
	int result = snapshot_add_process(snapshot, closer->pid, closer->start, owner);

	return result != 0 ? result
	                   : snapshot_set_text(snapshot, *owner, PROCESS_NAME, closer->comm,
	                                       strnlen(closer->comm, sizeof(closer->comm)));
}

int closers_find(struct closers *closers, struct snapshot *snapshot, const struct closer *closer, uint32_t *owner)
{
	int result = enter_processes(closers, snapshot);

	if (result != 0)
		return result;
	*owner = hash_find(&closers->index, hash_of(closer->pid, closer->start), is_process, snapshot, closer);
	return *owner == HASH_NONE ? add_process(snapshot, closer, owner) : 0;
}
