/* SPDX-License-Identifier: Apache-2.0 */
/* Process table: an open-addressed hash by PID, and the join. */
#include "exporter/platform/windows/tables/process_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

/* Both times are of the same clock. A clock that NTP sets back between them by less than this makes no owner exit. PIDs
 * are used again much later. */
#define CLOCK_STEP_TICKS (UINT64_C(2) * 10000000)

static bool is_entry(const struct process_entry *entry, uint32_t pid, uint32_t part)
{
	return entry->pid == pid && entry->part == part;
}

/* PIDs are multiples of 4. Fibonacci hashing spreads them over the high bits, which pick the slot. */
static size_t slot_of(const struct process_table *table, uint32_t pid, uint32_t part)
{
	const uint64_t key = (uint64_t)part << 32 | pid;
	size_t slot = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (table->slot_count - 1);

	while (table->slots[slot] != 0 && !is_entry(&table->entries[table->slots[slot] - 1], pid, part))
		slot = (slot + 1) & (table->slot_count - 1);
	return slot;
}

static void refill(struct process_table *table)
{
	memset(table->slots, 0, table->slot_count * sizeof(*table->slots));
	for (size_t i = 0; i < table->count; i++)
		table->slots[slot_of(table, table->entries[i].pid, table->entries[i].part)] = (uint32_t)i + 1;
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

static struct process_entry *find(const struct process_table *table, uint32_t pid, uint32_t part)
{
	uint32_t number = table->slots != NULL ? table->slots[slot_of(table, pid, part)] : 0;

	return number != 0 ? &table->entries[number - 1] : NULL;
}

/* Appends an entry that the table lacks. There is room for it. */
static struct process_entry *append(struct process_table *table, uint32_t pid, uint32_t part)
{
	struct process_entry *entry = &table->entries[table->count];

	table->slots[slot_of(table, pid, part)] = (uint32_t)table->count + 1;
	table->count++;
	*entry = (struct process_entry){.pid = pid, .part = part, .index = PROCESS_NOT_ADDED};
	return entry;
}

int process_table_add(struct process_table *table, uint32_t pid, uint64_t start, const char *name, size_t length)
{
	struct process_entry *entry;
	int result;

	if (process_table_find(table, pid) != NULL)
		return 0;
	result = reserve(table, length);
	if (result != 0)
		return result;
	if (length > 0)
		memcpy(table->names + table->names_length, name, length);
	entry = append(table, pid, PART_ALL);
	entry->start = start;
	entry->name = table->names_length;
	entry->name_length = length;
	table->names_length += length;
	return 0;
}

struct process_entry *process_table_find(const struct process_table *table, uint32_t pid)
{
	return find(table, pid, PART_ALL);
}

static int set_name(const struct process_table *table, const struct process_entry *entry, struct snapshot *snapshot)
{
	if (entry->part == PART_EXITED)
		return snapshot_set_text(snapshot, entry->index, PROCESS_NAME, NAME_EXITED, strlen(NAME_EXITED));
	if (entry->pid == PID_SYSTEM)
		return snapshot_set_text(snapshot, entry->index, PROCESS_NAME, NAME_SYSTEM, strlen(NAME_SYSTEM));
	return snapshot_set_text(snapshot, entry->index, PROCESS_NAME, table->names + entry->name, entry->name_length);
}

static int add_to(struct snapshot *snapshot, const struct process_table *table, struct process_entry *entry,
                  const struct process_describer *describer, size_t row)
{
	int result = snapshot_add_process(snapshot, entry->pid, entry->start, &entry->index);

	if (result == 0)
		result = set_name(table, entry, snapshot);
	if (result != 0 || entry->part == PART_EXITED)
		return result;
	return describer->describe(describer->data, snapshot, entry->index, row);
}

/* Returns the part of the process that owns the row. `process` is NULL if no process has the PID. */
static uint32_t part_of(const struct process_entry *process, const struct row_owner *owner)
{
	if (process == NULL)
		return PART_EXITED;
	if (owner->created != 0 && process->start > owner->created + CLOCK_STEP_TICKS)
		return PART_EXITED;
	return process->has_services ? owner->service : PART_ALL;
}

/* Finds or adds the entry of a row's owner. */
static int find_entry(struct process_table *table, const struct row_owner *owner, struct process_entry **found)
{
	const struct process_entry *process = find(table, owner->pid, PART_ALL);
	const uint32_t part = part_of(process, owner);
	struct process_entry all;
	int result;

	*found = find(table, owner->pid, part);
	if (*found != NULL)
		return 0;
	all = process != NULL ? *process : (struct process_entry){0};
	result = reserve(table, 0);
	if (result != 0)
		return result;
	*found = append(table, owner->pid, part);
	if (part != PART_EXITED) {
		(*found)->start = all.start;
		(*found)->name = all.name;
		(*found)->name_length = all.name_length;
	}
	return 0;
}

int process_table_join(struct process_table *table, struct snapshot *snapshot, const struct row_owner *owners,
                       const struct process_describer *describer)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < snapshot->socket_count; i++) {
		struct process_entry *entry;

		snapshot->sockets[i].owner = OWNER_NONE;
		if (owners[i].pid == PID_IDLE)
			continue;
		result = find_entry(table, &owners[i], &entry);
		if (result == 0 && entry->index == PROCESS_NOT_ADDED)
			result = add_to(snapshot, table, entry, describer, i);
		if (result == 0)
			snapshot->sockets[i].owner = entry->index;
	}
	return result;
}
