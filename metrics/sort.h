/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts indexes by a 64-bit key, with a rule for equal keys that may look at anything: qsort() has no place for it. */
#ifndef METRICS_SORT_H
#define METRICS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	uint64_t key;
	uint32_t index;
};

/* Sorts ascending by key, then by `tie` (<0, 0, >0 as for qsort(); NULL: none). Stable. The array has
 * room for 2 * count items; the second half is scratch. */
void sort_items(struct sort_item *items, size_t count, int (*tie)(const void *data, uint32_t a, uint32_t b),
                const void *data);

#endif
