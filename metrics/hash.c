/* SPDX-License-Identifier: Apache-2.0 */
/* Hash indexes: their slots. */
#include "metrics/hash.h"

#include <errno.h>
#include <stdlib.h>

/* Four cache lines; a power of two. */
enum { FIRST_SLOTS = 32 };
/* An index may stay this many times larger than its entries need, so that its size does not follow every change. */
enum { SLACK = 8 };

static size_t slots_for(size_t entries)
{
	size_t slots = FIRST_SLOTS;

	while (slots / 2 < entries)
		slots *= 2;
	return slots;
}

void hash_index_reset(struct hash_index *index)
{
	size_t wanted = slots_for(index->count);

	if (index->capacity / SLACK > wanted)
		index->capacity = wanted;
	index->count = 0;
	if (index->capacity > 0)
		memset(index->slots, 0, index->capacity * sizeof(*index->slots));
}

void hash_index_release(struct hash_index *index)
{
	free(index->slots);
	*index = (struct hash_index){0};
}

static void put(const struct hash_index *index, struct hash_slot slot)
{
	size_t at = slot.hash, mask = index->capacity - 1;

	while (index->slots[at & mask].entry != 0)
		at++;
	index->slots[at & mask] = slot;
}

int hash_index_reserve(struct hash_index *index, size_t entries)
{
	struct hash_index grown = {.count = index->count};

	if (entries <= index->capacity / 2)
		return 0;
	/* The next power of two after twice the entries must not overflow. */
	if (entries > SIZE_MAX / (4 * sizeof(*grown.slots)))
		return -ENOMEM;
	grown.capacity = slots_for(entries);
	grown.slots = realloc(NULL, grown.capacity * sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	memset(grown.slots, 0, grown.capacity * sizeof(*grown.slots));
	for (size_t i = 0; i < index->capacity; i++) {
		if (index->slots[i].entry != 0)
			put(&grown, index->slots[i]);
	}
	free(index->slots);
	*index = grown;
	return 0;
}

void hash_enter(struct hash_index *index, uint64_t hash, uint32_t entry)
{
	put(index, (struct hash_slot){(uint32_t)hash, entry + 1});
	index->count++;
}
