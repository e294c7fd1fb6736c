/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cap on cardinality: which groups of a census table keep their own series.
 *
 * A family may have `max_series` series. Where its groups need more, the groups with the most
 * CLOSE_WAIT sockets stay, among equals those with the most sockets, and the rest fold into one
 * group, process="(other)", whose series count against the cap too. Sums stay exact.
 */
#ifndef METRICS_CENSUS_FOLD_H
#define METRICS_CENSUS_FOLD_H

#include "metrics/census/census.h"

/* The least useful cap: one group with every state. */
#define FOLD_MIN_SERIES STATE_COUNT

struct sort_item;

struct fold {
	struct sort_item *order; /* private: scratch, at least as large as the largest table that was ranked */
	size_t capacity;
};

void fold_init(struct fold *fold);
void fold_release(struct fold *fold);

/* Sets every group's rank. Ranks are the groups' own: several tables may be ranked. 0 or -ENOMEM. */
int fold_rank(struct fold *fold, struct census_table *table) MUST_CHECK;

struct fold_cut {
	uint32_t rank;   /* groups of this rank and above are folded */
	uint64_t folded; /* series that are not shown because of it */
};

/*
 * Where to cut a family of a ranked table. `series_of` tells how many series a group has in the
 * family (0: none); `other_series` how many the folded group may need. After fold_rank().
 */
struct fold_cut fold_cut(const struct fold *fold, const struct census_table *table,
                         size_t (*series_of)(const struct census_group *, const void *), const void *data,
                         size_t other_series, size_t max_series);

/* Adds `group`'s numbers to `sum`: counts and bytes add up, ages take the greatest. */
void fold_add(struct census_group *sum, const struct census_group *group);

#endif
