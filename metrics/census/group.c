/* SPDX-License-Identifier: Apache-2.0 */
/* Groups by label set: an array, and an open-addressed hash over it. */
#include "metrics/census/group.h"
#include "metrics/hash.h"

#include <stdlib.h>

int census_table_clear(struct census_table *table)
{
	table->index_capacity = hash_trimmed(table->index_capacity, table->count);
	table->count = 0;
	table->last = table->before = 0;
	return hash_clear(&table->index, &table->index_capacity, 0);
}

void census_table_release(struct census_table *table)
{
	free(table->groups);
	free(table->index);
	memset(table, 0, sizeof(*table));
}

static bool group_has_key(const struct census_group *group, const struct group_key *key)
{
	return group->identity == key->identity && group->port == key->port && group->netns == key->netns &&
	       group->address == key->address && group->family == key->family;
}

/* The slot that holds the group, or the empty one where it belongs. */
static uint32_t *group_slot(const struct census_table *table, const struct group_key *key)
{
	size_t mask = table->index_capacity - 1;
	/* The family follows from the address, or has three values: not worth a round. */
	uint64_t hash = hash_mix(0, (uint64_t)key->identity << 32 | key->port);
	size_t slot = (size_t)hash_mix(hash, ((uint64_t)key->netns << 32 | key->address) ^ key->family);

	for (;; slot++) {
		uint32_t *entry = &table->index[slot & mask];

		if (!*entry || group_has_key(&table->groups[*entry - 1], key))
			return entry;
	}
}

static int grow_index(struct census_table *table)
{
	int ret = hash_clear(&table->index, &table->index_capacity, table->count + 1);

	if (ret)
		return ret;
	for (size_t i = 0; i < table->count; i++) {
		const struct census_group *group = &table->groups[i];
		const struct group_key key = {group->identity, group->port, group->netns, group->address,
		                              group->family};

		*group_slot(table, &key) = (uint32_t)i + 1;
	}
	return 0;
}

static struct census_group *add_group(struct census_table *table, const struct group_key *key)
{
	struct census_group *group;

	if (array_reserve((void **)&table->groups, &table->capacity, table->count + 1, sizeof(*table->groups)))
		return NULL;
	if (table->count >= table->index_capacity / 2 && grow_index(table))
		return NULL;
	group = &table->groups[table->count];
	*group = (struct census_group){
	        .identity = key->identity,
	        .port = key->port,
	        .netns = key->netns,
	        .address = key->address,
	        .family = key->family,
	};
	table->last = table->count++;
	*group_slot(table, key) = (uint32_t)table->count;
	return group;
}

struct census_group *census_table_group(struct census_table *table, const struct group_key *key)
{
	uint32_t entry;
	size_t swap;

	/* Rows of one process tend to come one after the other, often of two ports in turn: both ends of connections.
	 */
	if (table->last < table->count && group_has_key(&table->groups[table->last], key))
		return &table->groups[table->last];
	swap = table->last;
	table->last = table->before;
	table->before = swap;
	if (table->last < table->count && group_has_key(&table->groups[table->last], key))
		return &table->groups[table->last];
	entry = *group_slot(table, key);
	if (!entry)
		return add_group(table, key);
	table->last = entry - 1;
	return &table->groups[table->last];
}
