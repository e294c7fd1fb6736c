/* SPDX-License-Identifier: Apache-2.0 */
/* Accept drops: two memories of numbers by key, one of listeners and one of label sets. */
#include "metrics/history/accept_drops.h"

#include <stdlib.h>

/* A restart or a short outage of a service takes less. */
#define REMEMBERED_NS (UINT64_C(3600) * 1000 * 1000 * 1000)
/* Items whose listeners are gone: more than a host's services lose in an hour. 24 bytes each. */
enum { REMEMBERED_MAX = 4096 };

struct drops_item {
	uint64_t key, number;
	uint64_t seen_ns; /* when a snapshot had it last */
};

void accept_drops_init(struct accept_drops *drops, bool from_now)
{
	*drops = (struct accept_drops){.from_now = from_now};
}

static void release(struct drops_memory *memory)
{
	free(memory->items);
	hash_index_release(&memory->index);
}

void accept_drops_release(struct accept_drops *drops)
{
	release(&drops->listeners);
	release(&drops->totals);
	accept_drops_init(drops, false);
}

static bool key_equal(const void *data, uint32_t index, const void *key)
{
	return ((const struct drops_item *)data)[index].key == *(const uint64_t *)key;
}

static struct drops_item *find(const struct drops_memory *memory, uint64_t key)
{
	uint32_t index = hash_find(&memory->index, hash_mix(0, key), key_equal, memory->items, &key);

	return index != HASH_NONE ? &memory->items[index] : NULL;
}

static int make_room(struct drops_memory *memory, size_t more)
{
	int ret =
	        array_reserve((void **)&memory->items, &memory->capacity, memory->count + more, sizeof(*memory->items));

	return ret ? ret : hash_index_reserve(&memory->index, memory->count + more);
}

/* Returns the item of the key, zeroed if it is new, and marks it as seen. Call after make_room(). */
static struct drops_item *see(struct drops_memory *memory, uint64_t key, uint64_t now_ns)
{
	struct drops_item *item = find(memory, key);

	if (!item) {
		item = &memory->items[memory->count];
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): make_room() has allocated it */
		*item = (struct drops_item){.key = key};
		hash_enter(&memory->index, hash_mix(0, key), (uint32_t)memory->count++);
	}
	item->seen_ns = now_ns;
	return item;
}

static bool is_worth_remembering(const struct drops_item *item, uint64_t now_ns)
{
	return item->number && now_ns - item->seen_ns <= REMEMBERED_NS;
}

/* Removes items that this snapshot did not have: those without drops, the old ones, and the first of too many. */
static void forget(struct drops_memory *memory, uint64_t now_ns)
{
	size_t kept = 0, gone = 0;

	for (size_t i = 0; i < memory->count; i++)
		gone += memory->items[i].seen_ns != now_ns && is_worth_remembering(&memory->items[i], now_ns);
	hash_index_reset(&memory->index);
	for (size_t i = 0; i < memory->count; i++) {
		struct drops_item item = memory->items[i];

		if (item.seen_ns != now_ns && (!is_worth_remembering(&item, now_ns) || gone-- > REMEMBERED_MAX))
			continue;
		memory->items[kept] = item;
		hash_enter(&memory->index, hash_mix(0, item.key), (uint32_t)kept++);
	}
	memory->count = kept;
}

/* A listener with fewer drops than before is another one with the same identity. */
static uint32_t new_drops(const struct accept_drops *drops, const struct snapshot_listener *listener)
{
	const struct drops_item *before = find(&drops->listeners, listener->identity);

	if (before && before->number <= listener->drops)
		return (uint32_t)(listener->drops - before->number);
	return drops->from_now ? 0 : listener->drops;
}

void accept_drops_compare(const struct accept_drops *drops, struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->listener_count; i++)
		snapshot->listeners[i].new_drops = new_drops(drops, &snapshot->listeners[i]);
}

/* Returns how many of the snapshot's listeners are not remembered. */
static size_t count_new_listeners(const struct drops_memory *listeners, const struct snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->listener_count; i++)
		count += !find(listeners, snapshot->listeners[i].identity);
	return count;
}

static uint64_t key_of_group(const struct snapshot *snapshot, const struct census *census, size_t group)
{
	return identity_hash_labels(&census->identities, snapshot, &census->by_local_port.groups[group].key);
}

static size_t count_new_totals(const struct drops_memory *totals, const struct snapshot *snapshot,
                               const struct census *census)
{
	size_t count = 0;

	for (size_t i = 0; i < census->by_local_port.count; i++)
		count += census->by_local_port.groups[i].count[STATE_LISTEN] &&
		         !find(totals, key_of_group(snapshot, census, i));
	return count;
}

static void add_totals(struct drops_memory *totals, const struct snapshot *snapshot, struct census *census,
                       uint64_t now_ns)
{
	for (size_t i = 0; i < census->by_local_port.count; i++) {
		struct census_group *group = &census->by_local_port.groups[i];
		struct drops_item *total;

		if (!group->count[STATE_LISTEN])
			continue;
		total = see(totals, key_of_group(snapshot, census, i), now_ns);
		total->number += group->drops;
		group->drops = total->number;
	}
}

int accept_drops_add(struct accept_drops *drops, const struct snapshot *snapshot, struct census *census,
                     uint64_t now_ns)
{
	int ret = make_room(&drops->listeners, count_new_listeners(&drops->listeners, snapshot));

	if (!ret)
		ret = make_room(&drops->totals, count_new_totals(&drops->totals, snapshot, census));
	if (ret)
		return ret;
	for (size_t i = 0; i < snapshot->listener_count; i++)
		see(&drops->listeners, snapshot->listeners[i].identity, now_ns)->number = snapshot->listeners[i].drops;
	add_totals(&drops->totals, snapshot, census, now_ns);
	forget(&drops->listeners, now_ns);
	forget(&drops->totals, now_ns);
	drops->from_now = false;
	return 0;
}
