/* SPDX-License-Identifier: Apache-2.0 */
/* An open-addressed hash of row numbers, with one key after the other. */
#include "exporter/platform/linux/bpf/socket_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Few hosts have fewer sockets; also keeps mask non-zero. */
#define MIN_SLOTS 1024
/* In a slot: several processes hold the socket. Leaves numbers for 2^31 rows, 64 GiB of them. */
#define SLOT_SHARED    (UINT32_C(1) << 31)
#define SLOT_ROW(slot) (((slot) & ~SLOT_SHARED) - 1)

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

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

/* Makes the first `count` slots, a power of two, the empty table. */
static int use_slots(struct socket_index *index, size_t count)
{
	if (count > index->capacity) {
		uint32_t *slots = calloc(count, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		free(index->slots);
		index->slots = slots;
		index->capacity = count;
	} else {
		memset(index->slots, 0, count * sizeof(*index->slots));
	}
	index->mask = count - 1;
	return 0;
}

static size_t slots_for(size_t rows)
{
	size_t slots = MIN_SLOTS;

	while (slots < rows * 2)
		slots *= 2;
	return slots;
}

int socket_index_reset(struct socket_index *index)
{
	/* As large as the last table needed: a quiet host clears little, a steady one never grows. */
	int result = use_slots(index, slots_for(index->count));

	if (result == 0)
		index->count = 0;
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

void socket_index_expect(const struct socket_index *index, uint64_t identity)
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
	return 0;
}

bool socket_index_mark_shared(struct socket_index *index, uint64_t identity, uint32_t check)
{
	uint32_t *slot = find_entry(index, (struct socket_index_entry){half_of(identity), check});
	bool first = *slot != 0 && !(*slot & SLOT_SHARED);

	if (first)
		*slot |= SLOT_SHARED;
	return first;
}

uint32_t socket_index_check(const struct socket_index *index, int family, const void *remote, uint32_t ports,
                            uint32_t device)
{
	const uint8_t *bytes = remote;
	uint64_t words[2] = {0, 0};

	/* A handshake with an IPv6 listener is of IPv4 where the socket that it becomes has mapped addresses. */
	if (family == 6 && memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) != 0)
		memcpy(words, bytes, sizeof(words));
	else
		memcpy(words, bytes + (family == 6 ? sizeof(mapped_prefix) : 0), 4);
	return (uint32_t)(mix(mix(words[0] ^ (uint64_t)ports << 32 ^ index->key) ^ words[1] ^ device) >> 32);
}

static size_t slot_of_connection(const struct socket_index *index, const struct snapshot_socket *socket, uint32_t check)
{
	uint64_t ports = (uint64_t)socket->local_port << 16 | socket->remote_port;

	return (size_t)mix((ports << 32 | check) ^ (uint64_t)socket->local * index->key) & index->mask;
}

static bool is_same(const struct snapshot_socket *a, const struct snapshot_socket *b)
{
	return a->local == b->local && a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       (a->state == STATE_LISTEN) == (b->state == STATE_LISTEN);
}

bool socket_index_has(const struct socket_index *index, const struct snapshot *snapshot,
                      const struct snapshot_socket *socket, uint32_t check)
{
	size_t slot = slot_of_connection(index, socket, check);

	for (; index->slots[slot] != 0; slot = (slot + 1) & index->mask) {
		uint32_t row = SLOT_ROW(index->slots[slot]);

		if (index->entries[row].check == check && is_same(&snapshot->sockets[row], socket))
			return true;
	}
	return false;
}

static void insert_connection(struct socket_index *index, const struct snapshot *snapshot, uint32_t row)
{
	size_t slot = slot_of_connection(index, &snapshot->sockets[row], index->entries[row].check);

	while (index->slots[slot] != 0)
		slot = (slot + 1) & index->mask;
	index->slots[slot] = row + 1;
}

/* Enters the rows before `count` into a table with room for as many more as it takes to be worth it. */
static int rebuild(struct socket_index *index, const struct snapshot *snapshot, size_t count)
{
	int result = use_slots(index, slots_for(count + 1));

	if (result != 0)
		return result;
	for (size_t row = 0; row < count; row++)
		insert_connection(index, snapshot, (uint32_t)row);
	index->count = count;
	return 0;
}

int socket_index_by_connection(struct socket_index *index, const struct snapshot *snapshot, size_t count)
{
	return rebuild(index, snapshot, count);
}

int socket_index_add(struct socket_index *index, const struct snapshot *snapshot, uint32_t check)
{
	int result = add_entry(index, (struct socket_index_entry){.check = check});

	if (result != 0)
		return result;
	if ((index->count + 1) * 2 > index->mask + 1)
		return rebuild(index, snapshot, index->count + 1);
	insert_connection(index, snapshot, (uint32_t)index->count++);
	return 0;
}
