/* SPDX-License-Identifier: Apache-2.0 */
/* The OS-neutral TCP table: growable arrays, and hash indexes that find addresses and devices. */
#include "metrics/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A million rows must fit into 32 MB. */
static_assert(sizeof(struct snapshot_socket) == 32, "a row has padding");

static const char *const state_names[STATE_COUNT] = {
        [STATE_ESTABLISHED] = "established", [STATE_SYN_SENT] = "syn_sent",     [STATE_SYN_RECV] = "syn_recv",
        [STATE_FIN_WAIT1] = "fin_wait1",     [STATE_FIN_WAIT2] = "fin_wait2",   [STATE_TIME_WAIT] = "time_wait",
        [STATE_CLOSED] = "closed",           [STATE_CLOSE_WAIT] = "close_wait", [STATE_LAST_ACK] = "last_ack",
        [STATE_LISTEN] = "listen",           [STATE_CLOSING] = "closing",       [STATE_DELETE_TCB] = "delete_tcb",
};

void snapshot_init(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
}

void snapshot_reset(struct snapshot *snapshot)
{
	hash_index_reset(&snapshot->address_index);
	hash_index_reset(&snapshot->device_index);
	snapshot->socket_count = 0;
	snapshot->listener_count = 0;
	snapshot->address_count = 0;
	snapshot->device_count = 0;
	snapshot->process_count = 0;
	snapshot->netns_count = 0;
	snapshot->text_length = 0;
	memset(&snapshot->reserved, 0, sizeof(snapshot->reserved));
	memset(&snapshot->bound_ports, 0, sizeof(snapshot->bound_ports));
	snapshot->states = 0;
	snapshot->facts = 0;
	snapshot->unreadable_processes = 0;
	snapshot->undescribed_processes = 0;
	snapshot->shared_sockets = 0;
	snapshot->sockets_ns = 0;
	snapshot->owners_ns = 0;
}

void snapshot_release(struct snapshot *snapshot)
{
	free(snapshot->sockets);
	free(snapshot->listeners);
	free(snapshot->addresses);
	free(snapshot->devices);
	free(snapshot->processes);
	free(snapshot->netns);
	free(snapshot->text);
	hash_index_release(&snapshot->address_index);
	hash_index_release(&snapshot->device_index);
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

const uint8_t *address_ipv4(int family, const void *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (family == 4)
		return bytes;
	return memcmp(bytes, mapped, sizeof(mapped)) == 0 ? (const uint8_t *)bytes + sizeof(mapped) : NULL;
}

static struct snapshot_address canonical_address(uint32_t netns, int family, const uint8_t *bytes)
{
	const uint8_t *ipv4 = address_ipv4(family, bytes);
	struct snapshot_address address = {.netns = netns, .family = ipv4 ? 4 : 6};

	if (ipv4)
		memcpy(address.bytes, ipv4, 4);
	else
		memcpy(address.bytes, bytes, sizeof(address.bytes));
	return address;
}

static uint64_t hash_address(const struct snapshot_address *address)
{
	return hash_bytes((uint64_t)address->netns << 8 | address->family, address->bytes, sizeof(address->bytes));
}

static bool address_equal(const void *data, uint32_t index, const void *key)
{
	const struct snapshot_address *a = (const struct snapshot_address *)data + index, *b = key;

	return a->netns == b->netns && a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int add_address(struct snapshot *snapshot, const struct snapshot_address *address, uint64_t hash)
{
	size_t count = snapshot->address_count;
	int ret = array_reserve((void **)&snapshot->addresses, &snapshot->address_capacity, count + 1,
	                        sizeof(*snapshot->addresses));

	if (ret)
		return ret;
	if (count >= ADDRESS_ABSENT - 1)
		return -ENOMEM;
	ret = hash_index_reserve(&snapshot->address_index, count + 1);
	if (ret)
		return ret;
	snapshot->addresses[count] = *address;
	hash_enter(&snapshot->address_index, hash, (uint32_t)count);
	snapshot->address_count++;
	return 0;
}

/* Returns true if canonical_address() would be equal to `address`. */
static bool is_address(const struct snapshot_address *address, uint32_t netns, int family, const uint8_t *bytes)
{
	const uint8_t *ipv4;

	if (address->netns != netns)
		return false;
	ipv4 = address_ipv4(family, bytes);
	if (ipv4)
		return address->family == 4 && !memcmp(address->bytes, ipv4, 4);
	return address->family == 6 && !memcmp(address->bytes, bytes, sizeof(address->bytes));
}

/* Returns the place where the address is remembered for the next search. */
static uint32_t *recent_address(struct snapshot *snapshot, int family, const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, family == 4 ? bytes : bytes + 12, sizeof(word));
	return &snapshot->recent_addresses[(word * UINT32_C(0x9e3779b1)) >> 16 & (RECENT_ADDRESSES - 1)];
}

int snapshot_intern_address(struct snapshot *snapshot, uint32_t netns, int family, const void *bytes, uint32_t *index)
{
	uint32_t *recent = recent_address(snapshot, family, bytes);
	struct snapshot_address address;
	uint64_t hash;
	int ret = 0;

	*index = *recent;
	if (*index < snapshot->address_count && is_address(&snapshot->addresses[*index], netns, family, bytes))
		return 0;
	address = canonical_address(netns, family, bytes);
	hash = hash_address(&address);
	*index = hash_find(&snapshot->address_index, hash, address_equal, snapshot->addresses, &address);
	if (*index == HASH_NONE) {
		*index = (uint32_t)snapshot->address_count;
		ret = add_address(snapshot, &address, hash);
	}
	if (!ret)
		*recent = *index;
	return ret;
}

static bool device_equal(const void *data, uint32_t index, const void *key)
{
	return ((const uint32_t *)data)[index] == *(const uint32_t *)key;
}

static int add_device(struct snapshot *snapshot, uint32_t ifindex, uint64_t hash)
{
	size_t count = snapshot->device_count;
	int ret = array_reserve((void **)&snapshot->devices, &snapshot->device_capacity, count + 1,
	                        sizeof(*snapshot->devices));

	if (!ret)
		ret = hash_index_reserve(&snapshot->device_index, count + 1);
	if (ret)
		return ret;
	snapshot->devices[count] = ifindex;
	hash_enter(&snapshot->device_index, hash, (uint32_t)count);
	snapshot->device_count++;
	return 0;
}

int snapshot_intern_device(struct snapshot *snapshot, uint32_t ifindex, uint16_t *device)
{
	uint64_t hash = hash_mix(0, ifindex);
	uint32_t index;
	int ret = 0;

	*device = DEVICE_NONE;
	if (ifindex == 0)
		return 0;
	index = hash_find(&snapshot->device_index, hash, device_equal, snapshot->devices, &ifindex);
	if (index == HASH_NONE) {
		index = (uint32_t)snapshot->device_count;
		if (index + 1 < DEVICE_OTHER)
			ret = add_device(snapshot, ifindex, hash);
	}
	if (!ret)
		*device = (uint16_t)(index + 1);
	return ret;
}

uint32_t snapshot_ifindex(const struct snapshot *snapshot, uint16_t device)
{
	if (device == DEVICE_NONE)
		return 0;
	return device == DEVICE_OTHER ? UINT32_MAX : snapshot->devices[device - 1];
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

int snapshot_set_drops(struct snapshot *snapshot, struct snapshot_socket *socket, uint64_t identity, uint32_t drops)
{
	size_t count = snapshot->listener_count;
	int ret = array_reserve((void **)&snapshot->listeners, &snapshot->listener_capacity, count + 1,
	                        sizeof(*snapshot->listeners));

	if (ret)
		return ret;
	snapshot->listeners[count] = (struct snapshot_listener){.identity = identity, .drops = drops};
	socket->listener = (uint32_t)++snapshot->listener_count;
	return 0;
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

bool address_is_wildcard(const struct snapshot_address *address)
{
	static const uint8_t zeros[sizeof(address->bytes)];

	return !memcmp(address->bytes, zeros, sizeof(zeros));
}
