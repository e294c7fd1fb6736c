/* SPDX-License-Identifier: Apache-2.0 */
/* The OS-neutral TCP table: growable arrays, and a hash that finds addresses again. */
#include "metrics/snapshot.h"
#include "metrics/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A million rows are to fit into 32 MB. */
static_assert(sizeof(struct snapshot_socket) == 32, "a row has padding");

static const char *const state_names[STATE_COUNT] = {
        [STATE_ESTABLISHED] = "established", [STATE_SYN_SENT] = "syn_sent",     [STATE_SYN_RECV] = "syn_recv",
        [STATE_FIN_WAIT1] = "fin_wait1",     [STATE_FIN_WAIT2] = "fin_wait2",   [STATE_TIME_WAIT] = "time_wait",
        [STATE_CLOSED] = "closed",           [STATE_CLOSE_WAIT] = "close_wait", [STATE_LAST_ACK] = "last_ack",
        [STATE_LISTEN] = "listen",           [STATE_CLOSING] = "closing",       [STATE_DELETE_TCB] = "delete_tcb",
};

/* RFC 4291, 2.5.5.2: the first twelve bytes of an IPv4-mapped address. */
static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

void snapshot_init(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
}

void snapshot_reset(struct snapshot *snapshot)
{
	snapshot->address_index_capacity = hash_trimmed(snapshot->address_index_capacity, snapshot->address_count);
	snapshot->socket_count = 0;
	snapshot->address_count = 0;
	snapshot->process_count = 0;
	snapshot->netns_count = 0;
	snapshot->text_length = 0;
	memset(&snapshot->reserved, 0, sizeof(snapshot->reserved));
	snapshot->states = 0;
	snapshot->facts = 0;
	snapshot->unreadable_processes = 0;
	snapshot->shared_sockets = 0;
	snapshot->sockets_ns = 0;
	snapshot->owners_ns = 0;
}

void snapshot_release(struct snapshot *snapshot)
{
	free(snapshot->sockets);
	free(snapshot->addresses);
	free(snapshot->processes);
	free(snapshot->netns);
	free(snapshot->text);
	free(snapshot->address_index);
	snapshot_init(snapshot);
}

int snapshot_add_netns(struct snapshot *snapshot, const struct snapshot_netns *netns, uint32_t *index)
{
	int ret = array_reserve((void **)&snapshot->netns, &snapshot->netns_capacity, snapshot->netns_count + 1,
	                        sizeof(*snapshot->netns));

	if (ret)
		return ret;
	*index = (uint32_t)snapshot->netns_count;
	snapshot->netns[snapshot->netns_count++] = *netns;
	return 0;
}

static struct snapshot_address canonical_address(uint32_t netns, int family, const uint8_t *bytes)
{
	struct snapshot_address address = {.netns = netns, .family = 6};

	if (family == 4) {
		address.family = 4;
		memcpy(address.bytes, bytes, 4);
	} else if (!memcmp(bytes, mapped_prefix, sizeof(mapped_prefix))) {
		address.family = 4;
		memcpy(address.bytes, bytes + sizeof(mapped_prefix), 4);
	} else {
		memcpy(address.bytes, bytes, 16);
	}
	return address;
}

static bool address_equal(const struct snapshot_address *a, const struct snapshot_address *b)
{
	return a->netns == b->netns && a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* The slot that holds `address`, or the empty one where it belongs. */
static uint32_t *address_slot(const struct snapshot *snapshot, const struct snapshot_address *address)
{
	size_t mask = snapshot->address_index_capacity - 1;
	size_t slot = (size_t)hash_bytes((uint64_t)address->netns << 8 | address->family, address->bytes,
	                                 sizeof(address->bytes));

	for (;; slot++) {
		uint32_t *entry = &snapshot->address_index[slot & mask];

		if (!*entry || address_equal(&snapshot->addresses[*entry - 1], address))
			return entry;
	}
}

/* Room for one more address in the array and in the hash, which an emptied snapshot clears first. */
static int make_room_for_address(struct snapshot *snapshot)
{
	int ret = array_reserve((void **)&snapshot->addresses, &snapshot->address_capacity, snapshot->address_count + 1,
	                        sizeof(*snapshot->addresses));

	if (ret)
		return ret;
	if (snapshot->address_count >= ADDRESS_ABSENT - 1)
		return -ENOMEM;
	if (snapshot->address_count && snapshot->address_count < snapshot->address_index_capacity / 2)
		return 0;
	ret = hash_clear(&snapshot->address_index, &snapshot->address_index_capacity, snapshot->address_count + 1);
	if (ret)
		return ret;
	for (size_t i = 0; i < snapshot->address_count; i++)
		*address_slot(snapshot, &snapshot->addresses[i]) = (uint32_t)i + 1;
	return 0;
}

/* Whether canonical_address() would be equal to `address`. */
static bool is_address(const struct snapshot_address *address, uint32_t netns, int family, const uint8_t *bytes)
{
	if (address->netns != netns)
		return false;
	if (family == 6 && address->family == 6)
		return !memcmp(address->bytes, bytes, sizeof(address->bytes));
	if (family == 6 && memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return false;
	return address->family == 4 && !memcmp(address->bytes, bytes + (family == 6 ? sizeof(mapped_prefix) : 0), 4);
}

/* Where an address is noted for the next time it is asked for. */
static uint32_t *recent_address(struct snapshot *snapshot, int family, const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, family == 4 ? bytes : bytes + 12, sizeof(word));
	return &snapshot->recent_addresses[(word * UINT32_C(0x9e3779b1)) >> 16 & (RECENT_ADDRESSES - 1)];
}

int snapshot_intern_address(struct snapshot *snapshot, uint32_t netns, int family, const void *bytes, uint32_t *index)
{
	uint32_t *recent = recent_address(snapshot, family, bytes), *slot;
	struct snapshot_address address;
	int ret;

	*index = *recent;
	if (*index < snapshot->address_count && is_address(&snapshot->addresses[*index], netns, family, bytes))
		return 0;
	address = canonical_address(netns, family, bytes);
	ret = make_room_for_address(snapshot);
	if (ret)
		return ret;
	slot = address_slot(snapshot, &address);
	if (!*slot) {
		snapshot->addresses[snapshot->address_count++] = address;
		*slot = (uint32_t)snapshot->address_count;
	}
	*index = *recent = *slot - 1;
	return 0;
}

int snapshot_reserve_sockets(struct snapshot *snapshot, size_t count)
{
	/* Rows are counted in 32 bits elsewhere. */
	if (count > UINT32_MAX - snapshot->socket_count)
		return -ENOMEM;
	return array_reserve((void **)&snapshot->sockets, &snapshot->socket_capacity, snapshot->socket_count + count,
	                     sizeof(*snapshot->sockets));
}

struct snapshot_socket *snapshot_add_socket(struct snapshot *snapshot)
{
	struct snapshot_socket *socket;

	if (snapshot_reserve_sockets(snapshot, 1))
		return NULL;
	socket = &snapshot->sockets[snapshot->socket_count++];
	*socket = (struct snapshot_socket){.owner = OWNER_NONE, .remote = ADDRESS_ABSENT};
	return socket;
}

int snapshot_add_process(struct snapshot *snapshot, uint32_t pid, uint64_t start, uint32_t *index)
{
	struct snapshot_process *process;
	int ret;

	/* The highest indexes mean OWNER_UNKNOWN and OWNER_NONE. */
	if (snapshot->process_count >= OWNER_UNKNOWN)
		return -ENOMEM;
	ret = array_reserve((void **)&snapshot->processes, &snapshot->process_capacity, snapshot->process_count + 1,
	                    sizeof(*snapshot->processes));
	if (ret)
		return ret;
	process = &snapshot->processes[snapshot->process_count];
	*process = (struct snapshot_process){.start = start, .pid = pid};
	for (int i = 0; i < PROCESS_TEXT_COUNT; i++)
		process->text[i].length = TEXT_ABSENT;
	*index = (uint32_t)snapshot->process_count++;
	return 0;
}

int snapshot_set_text(struct snapshot *snapshot, uint32_t process, enum process_text which, const void *bytes,
                      size_t length)
{
	struct snapshot_text *text = &snapshot->processes[process].text[which];
	int ret;

	/* Offsets and lengths are 32 bits, and the longest length means "absent". */
	if (length >= TEXT_ABSENT || snapshot->text_length > UINT32_MAX - length)
		return -ENOMEM;
	ret = array_reserve((void **)&snapshot->text, &snapshot->text_capacity, snapshot->text_length + length, 1);
	if (ret)
		return ret;
	*text = (struct snapshot_text){(uint32_t)snapshot->text_length, (uint32_t)length};
	if (length)
		memcpy(snapshot->text + snapshot->text_length, bytes, length);
	snapshot->text_length += length;
	return 0;
}

const char *snapshot_text(const struct snapshot *snapshot, struct snapshot_text text)
{
	if (text.length == TEXT_ABSENT)
		return NULL;
	return text.length ? snapshot->text + text.offset : "";
}

const char *state_name(enum socket_state state)
{
	return state_names[state];
}

enum socket_state state_from_name(const char *name, size_t length)
{
	for (int state = 0; state < STATE_COUNT; state++) {
		if (strlen(state_names[state]) == length && !memcmp(state_names[state], name, length))
			return (enum socket_state)state;
	}
	return STATE_COUNT;
}

void port_set_add(struct port_set *set, uint16_t port)
{
	set->words[port / 64] |= UINT64_C(1) << (port % 64);
}

bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] >> (port % 64) & 1;
}

bool address_is_wildcard(const struct snapshot_address *address)
{
	static const uint8_t zeros[sizeof(address->bytes)];

	return !memcmp(address->bytes, zeros, sizeof(zeros));
}
