/* SPDX-License-Identifier: Apache-2.0 */
/* Fold: ranks the groups, and finds how many of them a family can show. */
#include "metrics/census/fold.h"
#include "metrics/sort.h"

#include <stdlib.h>
#include <string.h>

void fold_init(struct fold *fold)
{
	memset(fold, 0, sizeof(*fold));
}

void fold_release(struct fold *fold)
{
	free(fold->order);
	fold_init(fold);
}

/* A table has fewer than 2^32 rows, so the sum fits. */
static uint32_t sockets_of(const struct census_group *group)
{
	uint32_t total = 0;

	for (int state = 0; state < STATE_COUNT; state++)
		total += group->count[state];
	return total;
}

static unsigned bit_length(uint32_t number)
{
	unsigned length = 0;

	for (; number; number >>= 1)
		length++;
	return length;
}

/* Returns the rank key, smaller for groups that stay longer. Its parts: more than one socket, the number of CLOSE_WAIT
 * sockets, the power of two of the number of sockets. */
static uint64_t rank_key(const struct census_group *group)
{
	uint32_t total = sockets_of(group);

	return ~((uint64_t)(total > 1) << 38 | (uint64_t)group->count[STATE_CLOSE_WAIT] << 6 | bit_length(total));
}

struct tie {
	const struct census_group *groups;
	const uint32_t *last;
};

static int compare_equals(const void *data, uint32_t a, uint32_t b)
{
	const struct tie *tie = data;
	uint32_t left, right;

	if (tie->last && tie->last[a] != tie->last[b])
		return tie->last[a] < tie->last[b] ? -1 : 1;
	left = sockets_of(&tie->groups[a]);
	right = sockets_of(&tie->groups[b]);
	return (left < right) - (left > right);
}

int fold_rank(struct fold *fold, struct census_table *table, const uint32_t *last)
{
	const struct tie tie = {table->groups, last};
	/* Sorting needs twice the room. */
	int ret = array_reserve((void **)&fold->order, &fold->capacity, 2 * table->count, sizeof(*fold->order));

	if (ret)
		return ret;
	for (uint32_t i = 0; i < table->count; i++)
		fold->order[i] = (struct sort_item){rank_key(&table->groups[i]), i};
	sort_items(fold->order, table->count, compare_equals, &tie);
	for (uint32_t i = 0; i < table->count; i++)
		table->groups[fold->order[i].index].rank = i;
	return 0;
}

struct fold_cut fold_cut(const struct fold *fold, const struct census_table *table,
                         size_t (*series_of)(const struct census_group *, const void *), const void *data,
                         size_t other_series, size_t max_series)
{
	uint64_t kept = 0, total = 0;
	uint32_t rank = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		total += series_of(&table->groups[i], data);
		/* The array may hold the order of another table. */
		fold->order[table->groups[i].rank].index = i;
	}
	if (total <= max_series)
		return (struct fold_cut){UINT32_MAX, 0};
	for (; rank < table->count; rank++) {
		size_t series = series_of(&table->groups[fold->order[rank].index], data);

		if (kept + series + other_series > max_series)
			break;
		kept += series;
	}
	return (struct fold_cut){rank, total - kept};
}

void fold_add(struct census_group *sum, const struct census_group *group)
{
	for (int state = 0; state < STATE_COUNT; state++)
		sum->count[state] += group->count[state];
	sum->aged += group->aged;
	if (sum->oldest_ms < group->oldest_ms)
		sum->oldest_ms = group->oldest_ms;
	sum->receive_bytes += group->receive_bytes;
	sum->send_bytes += group->send_bytes;
	sum->queue_length += group->queue_length;
	sum->queue_limit += group->queue_limit;
	sum->drops += group->drops;
	sum->retransmitting += group->retransmitting;
	sum->zero_window += group->zero_window;
}
