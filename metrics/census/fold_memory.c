/* SPDX-License-Identifier: Apache-2.0 */
/* Fold memory: the ranks of the last scrape, by the hash of the label set. */
#include "metrics/census/fold_memory.h"

#include <stdlib.h>

/* Six times the series of the default cap. Groups of a higher rank are new again at the next scrape. */
enum { REMEMBERED_MAX = 65536 };

void fold_memory_init(struct fold_memory *memory)
{
	*memory = (struct fold_memory){0};
}

void fold_memory_release(struct fold_memory *memory)
{
	free(memory->ranked);
	hash_index_release(&memory->index);
	free(memory->labels);
	free(memory->last);
	fold_memory_init(memory);
}

static bool labels_equal(const void *data, uint32_t rank, const void *key)
{
	return ((const uint64_t *)data)[rank] == *(const uint64_t *)key;
}

static int make_room(struct fold_memory *memory, size_t groups)
{
	int ret = array_reserve((void **)&memory->labels, &memory->label_capacity, groups, sizeof(*memory->labels));

	if (!ret)
		ret = array_reserve((void **)&memory->last, &memory->last_capacity, groups, sizeof(*memory->last));
	return ret;
}

static void recall(struct fold_memory *memory, const struct snapshot *snapshot, const struct identities *identities,
                   const struct census_table *table)
{
	_Static_assert(HASH_NONE == FOLD_NEW, "a group that is not found is new");

	for (size_t i = 0; i < table->count; i++) {
		uint64_t labels = identity_hash_labels(identities, snapshot, &table->groups[i].key);

		memory->labels[i] = labels;
		memory->last[i] = hash_find(&memory->index, labels, labels_equal, memory->ranked, &labels);
	}
}

static int remember(struct fold_memory *memory, const struct census_table *table)
{
	size_t most = table->count < REMEMBERED_MAX ? table->count : REMEMBERED_MAX;
	int ret = array_reserve((void **)&memory->ranked, &memory->ranked_capacity, most, sizeof(*memory->ranked));

	hash_index_reset(&memory->index);
	if (!ret)
		ret = hash_index_reserve(&memory->index, most);
	if (ret)
		return ret;
	for (size_t i = 0; i < table->count; i++) {
		uint32_t rank = table->groups[i].rank;

		if (rank >= REMEMBERED_MAX)
			continue;
		memory->ranked[rank] = memory->labels[i];
		hash_enter(&memory->index, memory->labels[i], rank);
	}
	return 0;
}

int fold_memory_rank(struct fold_memory *memory, struct fold *fold, const struct snapshot *snapshot,
                     const struct identities *identities, struct census_table *table)
{
	int ret = make_room(memory, table->count);

	if (ret)
		return ret;
	recall(memory, snapshot, identities, table);
	ret = fold_rank(fold, table, memory->last);
	return ret ? ret : remember(memory, table);
}
