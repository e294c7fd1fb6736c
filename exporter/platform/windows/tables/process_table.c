/* SPDX-License-Identifier: Apache-2.0 */
/* Process table: an open-addressed hash by PID, and the join. */
#include "exporter/platform/windows/tables/process_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

/* PIDs are multiples of 4. Fibonacci hashing spreads them over the high bits, which pick the slot. */
static size_t slot_of(const struct process_table *table, uint32_t pid)
{
	size_t slot = (size_t)((pid * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (table->slot_count - 1);

	while (table->slots[slot] != 0 && table->entries[table->slots[slot] - 1].pid != pid)
		slot = (slot + 1) & (table->slot_count - 1);
	return slot;
}

static void refill(struct process_table *table)
{
	memset(table->slots, 0, table->slot_count * sizeof(*table->slots));
	for (size_t i = 0; i < table->count; i++)
		table->slots[slot_of(table, table->entries[i].pid)] = (uint32_t)i + 1;
}

/* Makes room for `count` processes. At most half of the slots are taken, so that a search ends. */
static int reserve_slots(struct process_table *table, size_t count)
{
	size_t slots = table->slot_count != 0 ? table->slot_count : FIRST_SLOTS;
	uint32_t *bigger;

	while (slots < 2 * count)
		slots *= 2;
	if (slots == table->slot_count)
		return 0;
	bigger = realloc(table->slots, slots * sizeof(*bigger));
	if (bigger == NULL)
		return -ENOMEM;
	table->slots = bigger;
	table->slot_count = slots;
	refill(table);
	return 0;
}

static int reserve(struct process_table *table, size_t name_length)
{
	int result =
	        array_reserve((void **)&table->entries, &table->capacity, table->count + 1, sizeof(*table->entries));

	/* One byte more, so that an empty name has a place too. */
	if (result == 0)
		result = array_reserve((void **)&table->names, &table->names_capacity,
		                       table->names_length + name_length + 1, 1);
	return result != 0 ? result : reserve_slots(table, table->count + 1);
}

void process_table_reset(struct process_table *table)
{
	table->count = 0;
	table->names_length = 0;
	if (table->slots != NULL)
		refill(table);
}

void process_table_release(struct process_table *table)
{
	free(table->entries);
	free(table->slots);
	free(table->names);
	*table = (struct process_table){0};
}

int process_table_add(struct process_table *table, uint32_t pid, const char *name, size_t length)
{
	int result;

	if (process_table_find(table, pid) != NULL)
		return 0;
	result = reserve(table, length);
	if (result != 0)
		return result;
	if (length > 0)
		memcpy(table->names + table->names_length, name, length);
	table->slots[slot_of(table, pid)] = (uint32_t)table->count + 1;
	table->entries[table->count++] = (struct process_entry){pid, PROCESS_NOT_ADDED, table->names_length, length};
	table->names_length += length;
	return 0;
}

struct process_entry *process_table_find(const struct process_table *table, uint32_t pid)
{
	uint32_t number = table->slots != NULL ? table->slots[slot_of(table, pid)] : 0;

	return number != 0 ? &table->entries[number - 1] : NULL;
}

static int set_name(const struct process_table *table, const struct process_entry *entry, struct snapshot *snapshot)
{
	if (entry->pid == PID_SYSTEM)
		return snapshot_set_text(snapshot, entry->index, PROCESS_NAME, NAME_SYSTEM, strlen(NAME_SYSTEM));
	return snapshot_set_text(snapshot, entry->index, PROCESS_NAME, table->names + entry->name, entry->name_length);
}

static int add_to(struct snapshot *snapshot, const struct process_table *table, struct process_entry *entry,
                  const struct process_describer *describer)
{
	int result = snapshot_add_process(snapshot, entry->pid, 0, &entry->index);

	if (result == 0)
		result = set_name(table, entry, snapshot);
	return result != 0 ? result : describer->describe(describer->data, snapshot, entry->index);
}

static int find_owner(struct process_table *table, struct snapshot *snapshot, uint32_t pid,
                      const struct process_describer *describer, uint32_t *owner)
{
	struct process_entry *entry;
	int result = process_table_add(table, pid, NAME_UNKNOWN, strlen(NAME_UNKNOWN));

	if (result != 0)
		return result;
	entry = process_table_find(table, pid);
	if (entry->index == PROCESS_NOT_ADDED)
		result = add_to(snapshot, table, entry, describer);
	*owner = entry->index;
	return result;
}

int process_table_join(struct process_table *table, struct snapshot *snapshot, const uint32_t *pids,
                       const struct process_describer *describer)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < snapshot->socket_count; i++) {
		snapshot->sockets[i].owner = OWNER_NONE;
		if (pids[i] != PID_IDLE)
			result = find_owner(table, snapshot, pids[i], describer, &snapshot->sockets[i].owner);
	}
	return result;
}
