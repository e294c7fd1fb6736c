/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fold memory: remembers the ranks of a table's groups from one scrape to the next, by a hash of the label set.
 * fold_rank() needs them so that series do not come and go. Each table has its own memory. Only tables over the cap
 * are ranked, so most hosts remember nothing.
 */
#ifndef METRICS_CENSUS_FOLD_MEMORY_H
#define METRICS_CENSUS_FOLD_MEMORY_H

#include "metrics/census/fold.h"
#include "metrics/census/identity.h"

struct fold_memory {
	uint64_t *ranked; /* private, as is all below: hashes of label sets, by rank */
	size_t ranked_capacity;
	struct hash_index index;
	uint64_t *labels; /* scratch, by group: the hash of its label set */
	size_t label_capacity;
	uint32_t *last; /* scratch, by group: its last rank */
	size_t last_capacity;
};

void fold_memory_init(struct fold_memory *memory);
void fold_memory_release(struct fold_memory *memory);

/* Ranks the table by fold_rank() and its groups' last ranks, and remembers the new ranks. A second call for the same
 * table keeps its ranks. Returns 0 or -ENOMEM. */
int fold_memory_rank(struct fold_memory *memory, struct fold *fold, const struct snapshot *snapshot,
                     const struct identities *identities, struct census_table *table) MUST_CHECK;

#endif
