/* SPDX-License-Identifier: Apache-2.0 */
/* Socket index: an open-addressed hash of row numbers, first by identity, then by connection. */
#include "exporter/platform/linux/bpf/socket_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "exporter/platform/linux/slots.h"

/* In a slot: several processes hold the socket. Leaves numbers for 2^31 rows, 64 GiB of them. */
#define SLOT_SHARED    (UINT32_C(1) << 31)
#define SLOT_ROW(slot) (((slot) & ~SLOT_SHARED) - 1)

void socket_index_init(struct socket_index *index)
{
	*index = (struct socket_index){0};
	/* A peer must not be able to choose addresses that are taken for one another. Without randomness
	 * a key that it cannot know either. */
	if (getrandom(&index->key, sizeof(index->key), GRND_NONBLOCK) != (ssize_t)sizeof(index->key))
		index->key = (uintptr_t)index ^ (uintptr_t)&getrandom;
	index->key |= 1;
}

void socket_index_release(struct socket_index *index)
{
	free(index->slots);
	free(index->entries);
	*index = (struct socket_index){0};
}

/* murmur3's finalizer: every bit of the input changes half of the output's. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	value = (value ^ (value >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return value ^ (value >> 33);
}

/* Makes an empty table for that many rows. */
static int use_slots(struct socket_index *index, size_t rows)
{
	size_t count = slots_for(rows);
	int result = slots_clear((void **)&index->slots, &index->capacity, count, sizeof(*index->slots));

	if (result == 0)
		index->mask = count - 1;
	return result;
}

int socket_index_reset(struct socket_index *index)
{
	int result = use_slots(index, index->count);

	if (result == 0)
		index->count = index->entered = 0;
	return result;
}

/* Kernel objects are aligned, and rarely further from each other than 256 GiB. */
static uint32_t half_of(uint64_t identity)
{
	return (uint32_t)(identity >> 6) ^ (uint32_t)(identity << 26);
}

static size_t slot_of_identity(const struct socket_index *index, uint32_t half)
{
	/* Fibonacci hashing: the addresses of kernel objects differ in their middle bits. */
	return (size_t)((half * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & index->mask;
}

/* The slot of that entry, or the free one where it belongs. */
static uint32_t *find_entry(const struct socket_index *index, struct socket_index_entry wanted)
{
	size_t slot = slot_of_identity(index, wanted.identity);

	for (; index->slots[slot] != 0; slot = (slot + 1) & index->mask) {
		const struct socket_index_entry *entry = &index->entries[SLOT_ROW(index->slots[slot])];

		if (entry->identity == wanted.identity && entry->check == wanted.check)
			break;
	}
	return &index->slots[slot];
}

/* Doubles the table. The marks move with their rows. */
static int grow(struct socket_index *index)
{
	uint32_t *old = index->slots, *marked;
	size_t old_count = index->mask + 1;

	marked = calloc(old_count * 2, sizeof(*marked));
	if (!marked)
		return -ENOMEM;
	index->slots = marked;
	index->capacity = old_count * 2;
	index->mask = index->capacity - 1;
	for (size_t i = 0; i < old_count; i++)
		if (old[i] != 0)
			*find_entry(index, index->entries[SLOT_ROW(old[i])]) = old[i];
	free(old);
	return 0;
}

void socket_index_prefetch(const struct socket_index *index, uint64_t identity)
{
	__builtin_prefetch(&index->slots[slot_of_identity(index, half_of(identity))]);
}

static int add_entry(struct socket_index *index, struct socket_index_entry entry)
{
	int result = array_reserve((void **)&index->entries, &index->entry_capacity, index->count + 1,
	                           sizeof(*index->entries));

	if (result == 0)
		index->entries[index->count] = entry;
	return result;
}

int socket_index_enter(struct socket_index *index, uint64_t identity, uint32_t check, uint32_t *row)
{
	const struct socket_index_entry entry = {half_of(identity), check};
	uint32_t *slot = find_entry(index, entry);
	int result;

	if (*slot != 0) {
		*row = SLOT_ROW(*slot);
		return 1;
	}
	result = add_entry(index, entry);
	if (result != 0)
		return result;
	if ((index->count + 1) * 2 > index->mask + 1) {
		result = grow(index);
		if (result != 0)
			return result;
		slot = find_entry(index, entry);
	}
	*row = (uint32_t)index->count++;
	*slot = *row + 1;
	index->entered = index->count;
	return 0;
}

bool socket_index_mark_shared(struct socket_index *index, uint32_t row)
{
	uint32_t *slot = find_entry(index, index->entries[row]);
	bool first = !(*slot & SLOT_SHARED);

	*slot |= SLOT_SHARED;
	return first;
}

void socket_index_prefetch_entry(const struct socket_index *index, uint64_t identity)
{
	uint32_t slot = index->slots[slot_of_identity(index, half_of(identity))];

	if (slot != 0)
		__builtin_prefetch(&index->entries[SLOT_ROW(slot)]);
}

bool socket_index_has(const struct socket_index *index, uint64_t identity)
{
	uint32_t half = half_of(identity);
	size_t slot = slot_of_identity(index, half);

	for (; index->slots[slot] != 0; slot = (slot + 1) & index->mask)
		if (index->entries[SLOT_ROW(index->slots[slot])].identity == half)
			return true;
	return false;
}

uint32_t socket_index_check(const struct socket_index *index, int family, const void *remote, uint32_t ports,
                            uint32_t device)
{
	/* A request socket of an IPv6 listener is of IPv4 where the socket that it becomes has mapped addresses. */
	const uint8_t *ipv4 = address_ipv4(family, remote);
	uint64_t words[2] = {0, 0};

	if (ipv4)
		memcpy(words, ipv4, 4);
	else
		memcpy(words, remote, sizeof(words));
	return (uint32_t)(mix(mix(words[0] ^ (uint64_t)ports << 32 ^ index->key) ^ words[1] ^ device) >> 32);
}

int socket_index_append(struct socket_index *index, uint32_t check, bool may_repeat)
{
	int result = add_entry(index, (struct socket_index_entry){may_repeat, check});

	if (result == 0)
		index->count++;
	return result;
}

void socket_index_truncate(struct socket_index *index, size_t count)
{
	index->count = count;
}

static size_t slot_of_check(const struct socket_index *index, uint32_t check)
{
	return (size_t)mix(check) & index->mask;
}

static bool is_same(const struct snapshot_socket *a, const struct snapshot_socket *b)
{
	return a->local == b->local && a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       (a->state == STATE_LISTEN) == (b->state == STATE_LISTEN);
}

/* Returns the slot of a row of the same connection, or the free one where it belongs. */
static uint32_t *find_connection(const struct socket_index *index, const struct snapshot *snapshot, size_t row)
{
	uint32_t check = index->entries[row].check;
	size_t slot = slot_of_check(index, check);

	for (; index->slots[slot] != 0; slot = (slot + 1) & index->mask) {
		uint32_t other = SLOT_ROW(index->slots[slot]);

		if (index->entries[other].check == check && is_same(&snapshot->sockets[other], &snapshot->sockets[row]))
			break;
	}
	return &index->slots[slot];
}

/* Puts the appended rows that may repeat another into the slots, each connection once. Marks the others as dropped.
 * Returns how many rows are in the slots. */
static size_t index_appended(struct socket_index *index, struct snapshot *snapshot)
{
	size_t count = 0;

	for (size_t row = index->entered; row < index->count; row++) {
		uint32_t *slot;

		if (!index->entries[row].identity)
			continue;
		slot = find_connection(index, snapshot, row);
		if (*slot != 0) {
			snapshot->sockets[row].state = STATE_COUNT;
			continue;
		}
		*slot = (uint32_t)row + 1;
		count++;
	}
	return count;
}

/* Marks the appended rows as dropped that repeat a row of the walk over files. */
static void drop_entered(const struct socket_index *index, struct snapshot *snapshot)
{
	for (size_t row = 0; row < index->entered; row++) {
		const uint32_t *slot;

		if (index->slots[slot_of_check(index, index->entries[row].check)] == 0)
			continue;
		slot = find_connection(index, snapshot, row);
		if (*slot != 0)
			snapshot->sockets[SLOT_ROW(*slot)].state = STATE_COUNT;
	}
}

static void remove_dropped(struct socket_index *index, struct snapshot *snapshot)
{
	size_t kept = index->entered;

	for (size_t row = index->entered; row < index->count; row++)
		if (snapshot->sockets[row].state != STATE_COUNT)
			snapshot->sockets[kept++] = snapshot->sockets[row];
	index->count = snapshot->socket_count = kept;
}

int socket_index_settle(struct socket_index *index, struct snapshot *snapshot)
{
	int result = use_slots(index, index->count - index->entered);

	if (result != 0)
		return result;
	if (index_appended(index, snapshot) > 0)
		drop_entered(index, snapshot);
	remove_dropped(index, snapshot);
	return 0;
}
