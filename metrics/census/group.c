/* SPDX-License-Identifier: Apache-2.0 */
/* Group table: finds the group of a label set. */
#include "metrics/census/group.h"

#include <stdlib.h>

void census_table_clear(struct census_table *table)
{
	hash_index_reset(&table->index);
	table->count = 0;
	table->last = table->before = 0;
}

void census_table_release(struct census_table *table)
{
	free(table->groups);
	hash_index_release(&table->index);
	*table = (struct census_table){0};
}

static bool key_equal(const struct group_key *a, const struct group_key *b)
{
	return a->identity == b->identity && a->port == b->port && a->netns == b->netns && a->address == b->address &&
	       a->family == b->family;
}

static bool group_has_key(const void *data, uint32_t group, const void *key)
{
	return key_equal(&((const struct census_group *)data)[group].key, key);
}

static uint64_t hash_key(const struct group_key *key)
{
	/* The family follows from the address, or has three values, so the hash leaves it out. */
	uint64_t hash = hash_mix(0, (uint64_t)key->identity << 32 | key->port);

	return hash_mix(hash, ((uint64_t)key->netns << 32 | key->address) ^ key->family);
}

static struct census_group *add_group(struct census_table *table, const struct group_key *key, uint64_t hash)
{
	struct census_group *group;

	if (array_reserve((void **)&table->groups, &table->capacity, table->count + 1, sizeof(*table->groups)) ||
	    hash_index_reserve(&table->index, table->count + 1))
		return NULL;
	group = &table->groups[table->count];
	*group = (struct census_group){.key = *key};
	hash_enter(&table->index, hash, (uint32_t)table->count);
	table->last = table->count++;
	return group;
}

struct census_group *census_table_group(struct census_table *table, const struct group_key *key)
{
	uint64_t hash;
	uint32_t found;
	size_t swap;

	/* Rows of one process tend to follow each other, often of two ports in turn, as both ends of connections. */
	if (table->last < table->count && key_equal(&table->groups[table->last].key, key))
		return &table->groups[table->last];
	swap = table->last;
	table->last = table->before;
	table->before = swap;
	if (table->last < table->count && key_equal(&table->groups[table->last].key, key))
		return &table->groups[table->last];
	hash = hash_key(key);
	found = hash_find(&table->index, hash, group_has_key, table->groups, key);
	if (found == HASH_NONE)
		return add_group(table, key, hash);
	table->last = found;
	return &table->groups[found];
}
