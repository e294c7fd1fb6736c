/* SPDX-License-Identifier: Apache-2.0 */
/* Label order: sorts the identities first, so that groups are compared by integers. */
#include "metrics/census/label_order.h"
#include "metrics/sort.h"

#include <stdlib.h>
#include <string.h>

/* The place of an identity in the order. */
struct identity_place {
	uint32_t by_name;   /* equal for identities of the same name */
	uint32_t by_labels; /* by name, then by the other labels */
};

static int compare_uint(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_text(const struct identities *identities, struct census_text a, struct census_text b)
{
	int order = memcmp(identity_text(identities, a), identity_text(identities, b),
	                   a.length < b.length ? a.length : b.length);

	return order ? order : compare_uint(a.length, b.length);
}

/* Returns the first bytes of a text as a number of the same order. */
static uint64_t text_prefix(const struct identities *identities, struct census_text text)
{
	const char *bytes = identity_text(identities, text);
	uint64_t prefix = 0;

	for (size_t i = 0; i < sizeof(prefix); i++)
		prefix = prefix << 8 | (i < text.length ? (unsigned char)bytes[i] : 0);
	return prefix;
}

static int compare_identities(const void *data, uint32_t a, uint32_t b)
{
	const struct identities *identities = data;
	const struct census_identity *left = &identities->items[a], *right = &identities->items[b];
	int order = compare_text(identities, left->name, right->name);

	if (!order)
		order = compare_uint(left->pid, right->pid);
	if (!order)
		order = compare_text(identities, left->user, right->user);
	if (!order)
		order = compare_text(identities, left->exe, right->exe);
	if (!order)
		order = compare_text(identities, left->unit, right->unit);
	return order ? order : compare_text(identities, left->container, right->container);
}

/* Makes room for `count` items, and for as many again, which sorting needs. */
static int reserve_items(struct label_order *order, size_t count)
{
	return array_reserve((void **)&order->items, &order->capacity, 2 * count, sizeof(*order->items));
}

void label_order_release(struct label_order *order)
{
	free(order->items);
	free(order->places);
	*order = (struct label_order){0};
}

int label_order_identities(struct label_order *order, const struct identities *identities)
{
	uint32_t names = 0;
	int ret = reserve_items(order, identities->count);

	if (!ret)
		ret = array_reserve((void **)&order->places, &order->place_capacity, identities->count,
		                    sizeof(*order->places));
	if (ret)
		return ret;
	for (uint32_t i = 0; i < identities->count; i++)
		order->items[i] = (struct sort_item){text_prefix(identities, identities->items[i].name), i};
	sort_items(order->items, identities->count, compare_identities, identities);
	for (uint32_t i = 0; i < identities->count; i++) {
		struct census_text name = identities->items[order->items[i].index].name;

		if (i && compare_text(identities, identities->items[order->items[i - 1].index].name, name))
			names++;
		order->places[order->items[i].index] = (struct identity_place){names, i};
	}
	return 0;
}

struct group_order {
	const struct census_group *groups;
	const struct identity_place *places;
	const struct snapshot *snapshot;
};

/* An absent namespace comes first. Within a table it is absent in all groups or in none. */
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

/* Compares the labels after process and port. */
static int compare_groups(const void *data, uint32_t a, uint32_t b)
{
	const struct group_order *order = data;
	const struct group_key *left = &order->groups[a].key, *right = &order->groups[b].key;
	int result = compare_uint(order->places[left->identity].by_labels, order->places[right->identity].by_labels);

	if (!result)
		result = compare_netns(order->snapshot, left->netns, right->netns);
	if (!result)
		result = compare_uint(left->family, right->family);
	return result ? result : compare_address(order->snapshot, left->address, right->address);
}

/* Moves every group to its place, cycle by cycle. Destroys `order`. */
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

int label_order_sort(struct label_order *order, const struct snapshot *snapshot, struct census_table *table)
{
	const struct group_order data = {table->groups, order->places, snapshot};
	int ret = reserve_items(order, table->count);

	if (ret)
		return ret;
	for (uint32_t i = 0; i < table->count; i++) {
		const struct group_key *key = &table->groups[i].key;
		uint64_t name = order->places[key->identity].by_name;

		order->items[i] = (struct sort_item){name << 32 | key->port, i};
	}
	sort_items(order->items, table->count, compare_groups, &data);
	permute(table->groups, order->items, table->count);
	return 0;
}
