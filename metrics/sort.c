/* SPDX-License-Identifier: Apache-2.0 */
/* Merge sort, from the bottom up. */
#include "metrics/sort.h"

#include <stdbool.h>
#include <string.h>

/* Runs of this length are made by insertion, which is faster than merging for so few items. */
enum { FIRST_RUN = 8 };

struct order {
	int (*tie)(const void *data, uint32_t a, uint32_t b);
	const void *data;
};

static bool is_before(const struct order *order, const struct sort_item *a, const struct sort_item *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return order->tie && order->tie(order->data, a->index, b->index) < 0;
}

static void insertion_sort(const struct order *order, struct sort_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_item item = items[i];
		size_t hole = i;

		for (; hole && is_before(order, &item, &items[hole - 1]); hole--)
			items[hole] = items[hole - 1];
		items[hole] = item;
	}
}

/* Merges from[0..middle) and from[middle..count) into `to`. Among equals, items of the left part come first. */
static void merge(const struct order *order, struct sort_item *to, const struct sort_item *from, size_t middle,
                  size_t count)
{
	size_t left = 0, right = middle;

	for (size_t i = 0; i < count; i++) {
		if (right == count || (left < middle && !is_before(order, &from[right], &from[left])))
			to[i] = from[left++];
		else
			to[i] = from[right++];
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void sort_items(struct sort_item *items, size_t count, int (*tie)(const void *data, uint32_t a, uint32_t b),
                const void *data)
{
	const struct order order = {tie, data};
	struct sort_item *from = items, *to;

	if (count < 2)
		return;
	to = items + count;
	for (size_t at = 0; at < count; at += FIRST_RUN)
		insertion_sort(&order, items + at, least(FIRST_RUN, count - at));
	for (size_t run = FIRST_RUN; run < count; run *= 2) {
		struct sort_item *merged = to;

		for (size_t at = 0; at < count; at += 2 * run)
			merge(&order, to + at, from + at, least(run, count - at), least(2 * run, count - at));
		to = from;
		from = merged;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}
