/* SPDX-License-Identifier: Apache-2.0 */
/* The count: one pass over the rows, then the order of the groups. */
#include "metrics/census/census.h"
#include "metrics/census/group.h"
#include "metrics/census/identity.h"
#include "metrics/census/label_order.h"
#include "metrics/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of names and other texts: a hundred thousand processes with 2 KiB each. Offsets are 32 bits. */
#define TEXT_LIMIT ((size_t)256 << 20)

static const char *const label_names[LABEL_COUNT] = {
        [LABEL_PID] = "pid",
        [LABEL_USER] = "user",
        [LABEL_EXE] = "exe",
        [LABEL_UNIT] = "unit",
        [LABEL_CONTAINER] = "container",
        [LABEL_NETNS] = "netns",
        [LABEL_FAMILY] = "family",
        [LABEL_LOCAL_ADDRESS] = "local_address",
};

/* What the pass over the rows needs. */
struct pass {
	struct census *census;
	const struct snapshot *snapshot;
	const struct listeners *listeners;
	const struct census_options *options;
	bool merge_netns; /* addresses are the same in every namespace: census->address_of tells which */
};

const char *census_label_name(enum census_label label)
{
	return label_names[label];
}

void census_init(struct census *census)
{
	memset(census, 0, sizeof(*census));
	textbuf_init(&census->text, TEXT_LIMIT);
}

void census_release(struct census *census)
{
	census_table_release(&census->by_local_port);
	census_table_release(&census->outbound);
	free(census->identities);
	textbuf_release(&census->text);
	free(census->identity_of_process);
	free(census->identity_index);
	free(census->address_of);
	free(census->address_index);
	free(census->order);
	free(census->places);
	census_init(census);
}

static bool has_label(const struct census_options *options, enum census_label label)
{
	return options->labels & LABEL_BIT(label);
}

/* Finds, for every address, the first that is equal but for the namespace. */
static int merge_addresses(struct census *census, const struct snapshot *snapshot)
{
	int ret = array_reserve((void **)&census->address_of, &census->address_of_capacity, snapshot->address_count,
	                        sizeof(*census->address_of));

	if (ret)
		return ret;
	census->address_index_capacity = hash_trimmed(census->address_index_capacity, snapshot->address_count);
	ret = hash_clear(&census->address_index, &census->address_index_capacity, snapshot->address_count);
	if (ret)
		return ret;
	for (uint32_t i = 0; i < snapshot->address_count; i++) {
		const struct snapshot_address *address = &snapshot->addresses[i], *other;
		size_t slot = (size_t)hash_bytes(address->family, address->bytes, sizeof(address->bytes));
		uint32_t *entry;

		for (;; slot++) {
			entry = &census->address_index[slot & (census->address_index_capacity - 1)];
			other = &snapshot->addresses[*entry ? *entry - 1 : i];
			if (other->family == address->family &&
			    !memcmp(other->bytes, address->bytes, sizeof(address->bytes)))
				break;
		}
		if (!*entry)
			*entry = i + 1;
		census->address_of[i] = *entry - 1;
	}
	return 0;
}

static uint32_t local_port_label(const struct pass *pass, const struct snapshot_netns *netns, uint16_t port,
                                 bool served)
{
	if (pass->options->local_port == LOCAL_PORT_NONE)
		return PORT_ABSENT;
	if (pass->options->local_port == LOCAL_PORT_ALL || served)
		return port;
	return port >= netns->ephemeral_low && port <= netns->ephemeral_high ? PORT_EPHEMERAL : port;
}

static void key_of_address(const struct pass *pass, uint32_t local, struct group_key *key)
{
	const struct snapshot_address *address = &pass->snapshot->addresses[local];

	key->netns = has_label(pass->options, LABEL_NETNS) ? address->netns : CENSUS_ABSENT;
	key->family = has_label(pass->options, LABEL_FAMILY) ? address->family : CENSUS_ABSENT;
	if (!has_label(pass->options, LABEL_LOCAL_ADDRESS))
		key->address = CENSUS_ABSENT;
	else
		key->address = pass->merge_netns ? pass->census->address_of[local] : local;
}

static void count_in_group(struct census_group *group, const struct snapshot_socket *socket)
{
	group->count[socket->state]++;
	if (socket->state == STATE_CLOSE_WAIT && socket->flags & SOCKET_HAS_QUIET) {
		group->aged++;
		if (group->oldest_ms < socket->quiet_ms)
			group->oldest_ms = socket->quiet_ms;
	}
	if (!(socket->flags & SOCKET_HAS_QUEUES))
		return;
	if (socket->state == STATE_LISTEN) {
		group->queue_length += socket->receive_queue;
		group->queue_limit += socket->send_queue;
	} else {
		group->receive_bytes += socket->receive_queue;
		group->send_bytes += socket->send_queue;
	}
}

static int count_in_table(struct census_table *table, const struct group_key *key, const struct snapshot_socket *socket)
{
	struct census_group *group = census_table_group(table, key);

	if (!group)
		return -ENOMEM;
	count_in_group(group, socket);
	return 0;
}

static int count_row(const struct pass *pass, const struct snapshot_socket *socket)
{
	const struct snapshot *snapshot = pass->snapshot;
	uint32_t netns = snapshot->addresses[socket->local].netns;
	struct group_key key;
	bool served;
	int ret;

	pass->census->states[socket->state]++;
	if (netns == 0)
		port_set_add(&pass->census->ephemeral_ports, socket->local_port);
	ret = identity_of_owner(pass->census, snapshot, pass->options, socket->owner, &key.identity);
	if (ret || key.identity == IDENTITY_REJECTED)
		return ret;
	served = listeners_serve(pass->listeners, snapshot, netns, socket->local_port);
	key_of_address(pass, socket->local, &key);
	key.port = local_port_label(pass, &snapshot->netns[netns], socket->local_port, served);
	ret = count_in_table(&pass->census->by_local_port, &key, socket);
	if (ret || served || socket->state == STATE_LISTEN)
		return ret;
	key.port = socket->remote_port;
	return count_in_table(&pass->census->outbound, &key, socket);
}

/* Adds up neighbouring bits, pairs, and nibbles; the multiplication then adds up the bytes. */
static unsigned bits_set(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The bits of a port set's word that lie within [low, high]. */
static uint64_t range_mask(unsigned word, unsigned low, unsigned high)
{
	unsigned first = word * 64, last = first + 63;
	uint64_t mask = UINT64_MAX;

	if (last < low || first > high)
		return 0;
	if (first < low)
		mask &= UINT64_MAX << (low - first);
	if (last > high)
		mask &= UINT64_MAX >> (last - high);
	return mask;
}

static void count_ephemeral_ports(struct census *census, const struct snapshot *snapshot)
{
	unsigned low, high;

	if (!snapshot->netns_count)
		return;
	low = snapshot->netns[0].ephemeral_low;
	high = snapshot->netns[0].ephemeral_high;
	for (unsigned i = low / 64; i <= high / 64; i++) {
		uint64_t range = range_mask(i, low, high) & ~snapshot->reserved.words[i];

		census->ephemeral_limit += bits_set(range);
		census->ephemeral_used += bits_set(range & census->ephemeral_ports.words[i]);
	}
}

static int clear(struct census *census, const struct snapshot *snapshot)
{
	int ret = census_table_clear(&census->by_local_port);

	memset(census->states, 0, sizeof(census->states));
	memset(&census->ephemeral_ports, 0, sizeof(census->ephemeral_ports));
	census->ephemeral_used = 0;
	census->ephemeral_limit = 0;
	if (!ret)
		ret = census_table_clear(&census->outbound);
	if (!ret)
		ret = identities_clear(census, snapshot);
	return ret;
}

int census_take(struct census *census, const struct snapshot *snapshot, const struct listeners *listeners,
                const struct census_options *options)
{
	struct pass pass = {
	        .census = census,
	        .snapshot = snapshot,
	        .listeners = listeners,
	        .options = options,
	        .merge_netns = has_label(options, LABEL_LOCAL_ADDRESS) && !has_label(options, LABEL_NETNS) &&
	                       snapshot->netns_count > 1,
	};
	int ret = clear(census, snapshot);

	if (!ret && pass.merge_netns)
		ret = merge_addresses(census, snapshot);
	for (size_t i = 0; !ret && i < snapshot->socket_count; i++)
		ret = count_row(&pass, &snapshot->sockets[i]);
	if (ret)
		return ret;
	count_ephemeral_ports(census, snapshot);
	return label_order_sort(census, snapshot);
}
