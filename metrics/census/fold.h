/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fold: the cap on cardinality. Chooses the groups of a census table that keep their own series.
 *
 * A family may have `max_series` series. If its groups need more, the groups of the highest ranks fold
 * into one group, process="(other)", whose series count against the cap too. Sums stay exact.
 *
 * Groups of a single socket fold first. The other groups stay by their number of CLOSE_WAIT sockets, then by
 * the power of two of their number of sockets. Within one power of two, the groups of the last scrape stay in
 * their order and before new ones, so that series do not come and go.
 */
#ifndef METRICS_CENSUS_FOLD_H
#define METRICS_CENSUS_FOLD_H

#include "metrics/census/group.h"

/* The smallest useful cap: one group with every state. */
#define FOLD_MIN_SERIES STATE_COUNT

/* The last rank of a group that the last scrape did not have. */
#define FOLD_NEW UINT32_MAX

struct sort_item;

struct fold {
	struct sort_item *order; /* private: scratch, at least as large as the largest table that was ranked */
	size_t capacity;
};

void fold_init(struct fold *fold);
void fold_release(struct fold *fold);

/* Sets every group's rank. `last` has each group's rank at the last scrape, or FOLD_NEW (NULL: all groups are new).
 * Several tables can be ranked, since the groups keep their ranks. Returns 0 or -ENOMEM. */
int fold_rank(struct fold *fold, struct census_table *table, const uint32_t *last) MUST_CHECK;

struct fold_cut {
	uint32_t rank;   /* groups of this rank and above are folded */
	uint64_t folded; /* series that the cut hides */
};

/*
 * Returns where to cut a family of a ranked table. `series_of` returns how many series a group has in the
 * family (0: none); `other_series` is how many the folded group may need. Call after fold_rank().
 */
struct fold_cut fold_cut(const struct fold *fold, const struct census_table *table,
                         size_t (*series_of)(const struct census_group *, const void *), const void *data,
                         size_t other_series, size_t max_series);

/* Adds the numbers of `group` to `sum`. Counts and bytes add up. The greater age stays. */
void fold_add(struct census_group *sum, const struct census_group *group);

#endif
