/* SPDX-License-Identifier: Apache-2.0 */
/* Census: a pass over the rows, a second pass over the rows whose role depends on others, and the order of the groups.
 */
#include "metrics/census/census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Arguments of the pass over the rows. */
struct pass {
	struct census *census;
	const struct snapshot *snapshot;
	const struct served_ports *served;
	const struct census_options *options;
	bool merge_netns; /* addresses are the same in every namespace */
};

void census_init(struct census *census)
{
	memset(census, 0, sizeof(*census));
	identities_init(&census->identities);
}

void census_release(struct census *census)
{
	census_table_release(&census->by_local_port);
	census_table_release(&census->outbound);
	identities_release(&census->identities);
	roles_release(&census->roles);
	label_order_release(&census->order);
	free(census->merged.first);
	hash_index_release(&census->merged.index);
	census_init(census);
}

static bool has_label(const struct census_options *options, enum census_label label)
{
	return options->labels & LABEL_BIT(label);
}

static bool address_equal(const void *data, uint32_t index, const void *key)
{
	const struct snapshot_address *a = (const struct snapshot_address *)data + index, *b = key;

	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int merge_addresses(struct merged_addresses *merged, const struct snapshot *snapshot)
{
	int ret = array_reserve((void **)&merged->first, &merged->capacity, snapshot->address_count,
	                        sizeof(*merged->first));

	hash_index_reset(&merged->index);
	if (!ret)
		ret = hash_index_reserve(&merged->index, snapshot->address_count);
	if (ret)
		return ret;
	for (uint32_t i = 0; i < snapshot->address_count; i++) {
		const struct snapshot_address *address = &snapshot->addresses[i];
		uint64_t hash = hash_bytes(address->family, address->bytes, sizeof(address->bytes));

		merged->first[i] = hash_find(&merged->index, hash, address_equal, snapshot->addresses, address);
		if (merged->first[i] != HASH_NONE)
			continue;
		merged->first[i] = i;
		hash_enter(&merged->index, hash, i);
	}
	return 0;
}

static uint32_t local_port_label(const struct census_options *options, uint16_t port, enum role role)
{
	if (options->local_port == LOCAL_PORT_NONE)
		return PORT_ABSENT;
	if (options->local_port == LOCAL_PORT_SERVED && role == ROLE_OUTBOUND)
		return PORT_EPHEMERAL;
	return port;
}

static uint32_t remote_port_label(const struct census_options *options, const struct snapshot_netns *netns,
                                  uint16_t port)
{
	if (options->remote_port == REMOTE_PORT_NONE)
		return PORT_ABSENT;
	if (options->remote_port == REMOTE_PORT_SERVICE && netns_is_ephemeral(netns, port))
		return PORT_EPHEMERAL;
	return port;
}

static void key_of_address(const struct pass *pass, uint32_t local, struct group_key *key)
{
	const struct snapshot_address *address = &pass->snapshot->addresses[local];

	key->netns = has_label(pass->options, LABEL_NETNS) ? address->netns : CENSUS_ABSENT;
	key->family = has_label(pass->options, LABEL_FAMILY) ? address->family : CENSUS_ABSENT;
	if (!has_label(pass->options, LABEL_LOCAL_ADDRESS))
		key->address = CENSUS_ABSENT;
	else
		key->address = pass->merge_netns ? pass->census->merged.first[local] : local;
}

static void count_in_group(struct census_group *group, const struct snapshot *snapshot,
                           const struct snapshot_socket *socket)
{
	group->count[socket->state]++;
	group->retransmitting += (socket->flags & SOCKET_RETRANSMITTING) != 0;
	group->zero_window += (socket->flags & SOCKET_ZERO_WINDOW) != 0;
	if (socket->state == STATE_LISTEN && socket->listener)
		group->drops += snapshot->listeners[socket->listener - 1].new_drops;
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

static int count_in_table(struct census_table *table, const struct group_key *key, const struct snapshot *snapshot,
                          const struct snapshot_socket *socket)
{
	struct census_group *group = census_table_group(table, key);

	if (!group)
		return -ENOMEM;
	count_in_group(group, snapshot, socket);
	return 0;
}

static int count_by_process(const struct pass *pass, const struct snapshot_socket *socket, enum role role,
                            uint32_t netns)
{
	struct census *census = pass->census;
	struct group_key key;
	int ret = identity_of_owner(&census->identities, pass->snapshot, pass->options, socket->owner, &key.identity);

	if (ret || key.identity == IDENTITY_REJECTED)
		return ret;
	key_of_address(pass, socket->local, &key);
	key.port = local_port_label(pass->options, socket->local_port, role);
	ret = count_in_table(&census->by_local_port, &key, pass->snapshot, socket);
	if (ret || role != ROLE_OUTBOUND)
		return ret;
	key.port = remote_port_label(pass->options, &pass->snapshot->netns[netns], socket->remote_port);
	return count_in_table(&census->outbound, &key, pass->snapshot, socket);
}

static int count_row(const struct pass *pass, uint32_t row)
{
	const struct snapshot *snapshot = pass->snapshot;
	const struct snapshot_socket *socket = &snapshot->sockets[row];
	uint32_t netns = snapshot->addresses[socket->local].netns;
	enum role role = role_of_ports(snapshot, pass->served, socket, netns);

	pass->census->states[socket->state]++;
	if (netns == 0)
		port_set_add(&pass->census->ephemeral_ports, socket->local_port);
	if (role == ROLE_OPEN)
		return roles_add(&pass->census->roles, snapshot, row);
	return count_by_process(pass, socket, role, netns);
}

static int count_open_row(const struct pass *pass, size_t open)
{
	enum role role;
	uint32_t row = roles_decide(&pass->census->roles, open, &role);
	const struct snapshot_socket *socket = &pass->snapshot->sockets[row];

	return count_by_process(pass, socket, role, pass->snapshot->addresses[socket->local].netns);
}

static int count_rows(const struct pass *pass)
{
	int ret = 0;

	for (uint32_t i = 0; !ret && i < pass->snapshot->socket_count; i++)
		ret = count_row(pass, i);
	for (size_t i = 0; !ret && i < pass->census->roles.open_count; i++)
		ret = count_open_row(pass, i);
	return ret;
}

/* Adds up neighbouring bits, pairs and nibbles. The multiplication then adds up the bytes. */
static unsigned bits_set(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* Returns the bits of a port set's word that lie within [low, high]. */
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
		census->ephemeral_used +=
		        bits_set(range & (census->ephemeral_ports.words[i] | snapshot->bound_ports.words[i]));
	}
}

static int clear(struct census *census, const struct snapshot *snapshot)
{
	census_table_clear(&census->by_local_port);
	census_table_clear(&census->outbound);
	roles_clear(&census->roles);
	memset(census->states, 0, sizeof(census->states));
	memset(&census->ephemeral_ports, 0, sizeof(census->ephemeral_ports));
	census->ephemeral_used = 0;
	census->ephemeral_limit = 0;
	return identities_clear(&census->identities, snapshot);
}

static int sort(struct census *census, const struct snapshot *snapshot)
{
	int ret = label_order_identities(&census->order, &census->identities);

	if (!ret)
		ret = label_order_sort(&census->order, snapshot, &census->by_local_port);
	if (!ret)
		ret = label_order_sort(&census->order, snapshot, &census->outbound);
	return ret;
}

int census_take(struct census *census, const struct snapshot *snapshot, const struct served_ports *served,
                const struct census_options *options)
{
	const struct pass pass = {
	        .census = census,
	        .snapshot = snapshot,
	        .served = served,
	        .options = options,
	        .merge_netns = has_label(options, LABEL_LOCAL_ADDRESS) && !has_label(options, LABEL_NETNS) &&
	                       snapshot->netns_count > 1,
	};
	int ret = clear(census, snapshot);

	if (!ret && pass.merge_netns)
		ret = merge_addresses(&census->merged, snapshot);
	if (!ret)
		ret = count_rows(&pass);
	if (ret)
		return ret;
	count_ephemeral_ports(census, snapshot);
	return sort(census, snapshot);
}

static void visit_row(const struct census_input *input, uint32_t row, enum role role,
                      void (*each)(void *data, const struct census_row *row), void *data)
{
	const struct snapshot *snapshot = input->snapshot;
	const struct snapshot_socket *socket = &snapshot->sockets[row];
	const struct snapshot_netns *netns = &snapshot->netns[snapshot->addresses[socket->local].netns];
	struct census_row labels = {
	        .row = row,
	        .identity = identity_of_known_owner(&input->census->identities, snapshot, socket->owner),
	        .local_port = local_port_label(input->options, socket->local_port, role),
	        .remote_port = CENSUS_ABSENT,
	};

	if (labels.identity == IDENTITY_REJECTED)
		return;
	if (role == ROLE_OUTBOUND)
		labels.remote_port = remote_port_label(input->options, netns, socket->remote_port);
	each(data, &labels);
}

void census_each_row(const struct census_input *input, void (*each)(void *data, const struct census_row *row),
                     void *data)
{
	const struct snapshot *snapshot = input->snapshot;
	enum role role;

	for (uint32_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];

		role = role_of_ports(snapshot, input->served, socket, snapshot->addresses[socket->local].netns);
		if (role != ROLE_OPEN)
			visit_row(input, i, role, each, data);
	}
	for (size_t i = 0; i < input->census->roles.open_count; i++) {
		uint32_t row = roles_decide(&input->census->roles, i, &role);

		visit_row(input, row, role, each, data);
	}
}
