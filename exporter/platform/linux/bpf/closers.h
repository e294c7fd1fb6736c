/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closers: finds or adds the process that closed a connection in the snapshot. A process that has ended, or that holds
 * no socket any more, is added with the start, the pid and the name from its note.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_CLOSERS_H
#define EXPORTER_PLATFORM_LINUX_BPF_CLOSERS_H

#include "exporter/platform/linux/bpf/programs/window.h"
#include "metrics/snapshot.h"

struct closers {
	struct hash_index index; /* of the snapshot's processes, by pid and start */
	size_t entered;          /* processes in the index */
};

void closers_release(struct closers *closers);
/* Forgets the processes of the last snapshot. */
void closers_begin(struct closers *closers);
/* Sets *owner to the process's index. Every process that the snapshot has or gets is entered once. Returns 0 or
 * -ENOMEM. */
int closers_find(struct closers *closers, struct snapshot *snapshot, const struct closer *closer,
                 uint32_t *owner) MUST_CHECK;

#endif
