/* SPDX-License-Identifier: Apache-2.0 */
/* Inode index: an open-addressed hash table from inode numbers to rows. */
#include "exporter/platform/linux/procfs/inode_index.h"

#include <errno.h>
#include <stdlib.h>

#include "exporter/platform/linux/slots.h"

/*
 * Flags in inode_entry.row: the row has an owner, and another process holds the socket too. A claim reads the flags
 * here, without a cache miss on the row. Leaves numbers for 2^30 rows.
 */
#define ROW_OWNED  (UINT32_C(1) << 30)
#define ROW_SHARED (UINT32_C(1) << 31)
#define ROW_MASK   (ROW_OWNED - 1)

void inode_index_init(struct inode_index *index)
{
	*index = (struct inode_index){0};
}

void inode_index_release(struct inode_index *index)
{
	free(index->slots);
	inode_index_init(index);
}

/*
 * A process's sockets mostly have neighbouring numbers. They are looked up in sequence, and the system calls between
 * them evict the caches. Therefore neighbours share a cache line, and only the lines are spread over the table
 * (Fibonacci hashing).
 */
#define LINE_SLOTS (64 / sizeof(struct inode_entry))
static size_t slot_of(const struct inode_index *index, uint32_t inode)
{
	uint64_t line = ((inode / LINE_SLOTS) * UINT64_C(0x9e3779b97f4a7c15)) >> 32;

	return (size_t)(line * LINE_SLOTS + inode % LINE_SLOTS) & index->mask;
}

int inode_index_reset(struct inode_index *index)
{
	size_t count = slots_for(index->count);
	int result = slots_clear((void **)&index->slots, &index->capacity, count, sizeof(*index->slots));

	if (result == 0) {
		index->mask = count - 1;
		index->count = 0;
		index->unresolved = 0;
		index->shared = 0;
	}
	return result;
}

static void insert(struct inode_index *index, struct inode_entry entry)
{
	size_t slot = slot_of(index, entry.inode);

	while (index->slots[slot].inode != 0)
		slot = (slot + 1) & index->mask;
	index->slots[slot] = entry;
}

/* Moves the entries whose row is below `row_end` to a new table. */
static int rebuild(struct inode_index *index, size_t slots, uint32_t row_end)
{
	struct inode_index rebuilt = {.mask = slots - 1, .capacity = slots, .shared = index->shared};

	rebuilt.slots = calloc(slots, sizeof(*rebuilt.slots));
	if (!rebuilt.slots)
		return -ENOMEM;
	for (size_t i = 0; i <= index->mask; i++) {
		if (index->slots[i].inode != 0 && index->slots[i].row < row_end) {
			insert(&rebuilt, index->slots[i]);
			rebuilt.count++;
		}
	}
	rebuilt.unresolved = rebuilt.count;
	free(index->slots);
	*index = rebuilt;
	return 0; /* -Wanalyzer-malloc-leak: the index owns the slots */
}

int inode_index_forget(struct inode_index *index, uint32_t first_row)
{
	return rebuild(index, index->mask + 1, first_row);
}

int inode_index_add(struct inode_index *index, uint32_t inode, uint32_t row)
{
	/* At most half full, so that probes stay short. */
	if ((index->count + 1) * 2 > index->mask + 1) {
		int result = rebuild(index, (index->mask + 1) * 2, UINT32_MAX);

		if (result != 0)
			return result;
	}
	insert(index, (struct inode_entry){inode, row});
	index->count++;
	index->unresolved++;
	return 0;
}

const struct inode_entry *inode_index_next(const struct inode_index *index, uint32_t inode,
                                           const struct inode_entry *slot)
{
	size_t at = slot ? ((size_t)(slot - index->slots) + 1) & index->mask : slot_of(index, inode);

	for (; index->slots[at].inode != 0; at = (at + 1) & index->mask) {
		if (index->slots[at].inode == inode)
			return &index->slots[at];
	}
	return NULL;
}

void inode_index_claim(struct inode_index *index, struct snapshot *snapshot, uint32_t inode, uint32_t owner)
{
	const struct inode_entry *found = NULL;

	while ((found = inode_index_next(index, inode, found)) != NULL) {
		struct inode_entry *entry = &index->slots[found - index->slots];
		struct snapshot_socket *row = &snapshot->sockets[entry->row & ROW_MASK];

		if (!(entry->row & ROW_OWNED)) {
			entry->row |= ROW_OWNED;
			row->owner = owner;
			index->unresolved--;
		} else if (!(entry->row & ROW_SHARED) && row->owner != owner) {
			entry->row |= ROW_SHARED;
			index->shared++;
		}
	}
}

void inode_index_mark_unknown(const struct inode_index *index, struct snapshot *snapshot)
{
	for (size_t i = 0; i <= index->mask; i++) {
		const struct inode_entry *entry = &index->slots[i];

		if (entry->inode != 0 && !(entry->row & ROW_OWNED))
			snapshot->sockets[entry->row].owner = OWNER_UNKNOWN;
	}
}
