/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts groups by their labels: identities first, so that a group's place is a comparison of integers. */
#include "metrics/census/label_order.h"
#include "metrics/census/identity.h"
#include "metrics/sort.h"

#include <string.h>

/* Where an identity stands among all. */
struct identity_place {
	uint32_t by_name;   /* equal for identities of the same name */
	uint32_t by_labels; /* by name, then by the other labels */
};

static int compare_uint(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_text(const struct census *census, struct census_text a, struct census_text b)
{
	int order =
	        memcmp(identity_text(census, a), identity_text(census, b), a.length < b.length ? a.length : b.length);

	return order ? order : compare_uint(a.length, b.length);
}

/* The first bytes of a text as a number of the same order. */
static uint64_t text_prefix(const struct census *census, struct census_text text)
{
	const char *bytes = identity_text(census, text);
	uint64_t prefix = 0;

	for (size_t i = 0; i < sizeof(prefix); i++)
		prefix = prefix << 8 | (i < text.length ? (unsigned char)bytes[i] : 0);
	return prefix;
}

static int compare_identities(const void *data, uint32_t a, uint32_t b)
{
	const struct census *census = data;
	const struct census_identity *left = &census->identities[a], *right = &census->identities[b];
	int order = compare_text(census, left->name, right->name);

	if (!order)
		order = compare_uint(left->pid, right->pid);
	if (!order)
		order = compare_text(census, left->user, right->user);
	if (!order)
		order = compare_text(census, left->exe, right->exe);
	if (!order)
		order = compare_text(census, left->unit, right->unit);
	return order ? order : compare_text(census, left->container, right->container);
}

static void place_identities(struct census *census)
{
	struct sort_item *order = census->order;
	uint32_t names = 0;

	for (uint32_t i = 0; i < census->identity_count; i++)
		order[i] = (struct sort_item){text_prefix(census, census->identities[i].name), i};
	sort_items(order, census->identity_count, compare_identities, census);
	for (uint32_t i = 0; i < census->identity_count; i++) {
		const struct census_identity *identity = &census->identities[order[i].index];

		if (i && compare_text(census, census->identities[order[i - 1].index].name, identity->name))
			names++;
		census->places[order[i].index] = (struct identity_place){names, i};
	}
}

struct group_order {
	const struct census_group *groups;
	const struct identity_place *places;
	const struct snapshot *snapshot;
};

/* Absent is before everything; within a table it is absent everywhere or nowhere. */
static int compare_netns(const struct snapshot *snapshot, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	if (a == CENSUS_ABSENT || b == CENSUS_ABSENT)
		return a == CENSUS_ABSENT ? -1 : 1;
	return compare_uint(snapshot->netns[a].id, snapshot->netns[b].id);
}

static int compare_address(const struct snapshot *snapshot, uint32_t a, uint32_t b)
{
	const struct snapshot_address *left, *right;
	int order;

	if (a == b)
		return 0;
	if (a == CENSUS_ABSENT || b == CENSUS_ABSENT)
		return a == CENSUS_ABSENT ? -1 : 1;
	left = &snapshot->addresses[a];
	right = &snapshot->addresses[b];
	order = compare_uint(left->family, right->family);
	return order ? order : memcmp(left->bytes, right->bytes, sizeof(left->bytes));
}

/* The labels after process and port. */
static int compare_groups(const void *data, uint32_t a, uint32_t b)
{
	const struct group_order *order = data;
	const struct census_group *left = &order->groups[a], *right = &order->groups[b];
	int result = compare_uint(order->places[left->identity].by_labels, order->places[right->identity].by_labels);

	if (!result)
		result = compare_netns(order->snapshot, left->netns, right->netns);
	if (!result)
		result = compare_uint(left->family, right->family);
	return result ? result : compare_address(order->snapshot, left->address, right->address);
}

/* Moves every group to its place, cycle by cycle; uses `order` up. */
static void permute(struct census_group *groups, struct sort_item *order, size_t count)
{
	for (uint32_t start = 0; start < count; start++) {
		struct census_group first = groups[start];
		uint32_t to = start;

		if (order[start].index == start)
			continue;
		while (order[to].index != start) {
			uint32_t from = order[to].index;

			groups[to] = groups[from];
			order[to].index = to;
			to = from;
		}
		groups[to] = first;
		order[to].index = to;
	}
}

static void sort_table(struct census *census, const struct snapshot *snapshot, struct census_table *table)
{
	const struct group_order data = {table->groups, census->places, snapshot};

	for (uint32_t i = 0; i < table->count; i++) {
		const struct census_group *group = &table->groups[i];
		uint64_t name = census->places[group->identity].by_name;

		census->order[i] = (struct sort_item){name << 32 | group->port, i};
	}
	sort_items(census->order, table->count, compare_groups, &data);
	permute(table->groups, census->order, table->count);
}

static size_t most_items(const struct census *census)
{
	size_t most = census->identity_count;

	if (most < census->by_local_port.count)
		most = census->by_local_port.count;
	return most < census->outbound.count ? census->outbound.count : most;
}

int label_order_sort(struct census *census, const struct snapshot *snapshot)
{
	/* Twice: sorting needs the other half. */
	int ret = array_reserve((void **)&census->order, &census->order_capacity, 2 * most_items(census),
	                        sizeof(*census->order));

	if (ret)
		return ret;
	ret = array_reserve((void **)&census->places, &census->place_capacity, census->identity_count,
	                    sizeof(*census->places));
	if (ret)
		return ret;
	place_identities(census);
	sort_table(census, snapshot, &census->by_local_port);
	sort_table(census, snapshot, &census->outbound);
	return 0;
}
