/* SPDX-License-Identifier: Apache-2.0 */
/* Stable sort of indexes by a 64-bit key. Unlike qsort(), it passes data to the rule that orders equal keys. */
#ifndef METRICS_SORT_H
#define METRICS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	uint64_t key;
	uint32_t index;
};

/* Sorts by key in ascending order, then by `tie` (<0, 0, >0 as for qsort(); NULL: no rule). The array has room for
 * 2 * count items, and its second half is scratch. */
void sort_items(struct sort_item *items, size_t count, int (*tie)(const void *data, uint32_t a, uint32_t b),
                const void *data);

#endif
