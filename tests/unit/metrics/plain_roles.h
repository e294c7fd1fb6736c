/* SPDX-License-Identifier: Apache-2.0 */
/* Reference of roles: compares each row with every other, as the rules are written. */
#ifndef TESTS_UNIT_METRICS_PLAIN_ROLES_H
#define TESTS_UNIT_METRICS_PLAIN_ROLES_H

#include "metrics/snapshot.h"

static inline bool plain_served(const struct snapshot *snapshot, const struct snapshot_socket *row)
{
	const struct snapshot_address *addresses = snapshot->addresses;

	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *other = &snapshot->sockets[i];

		if (other->state == STATE_LISTEN && other->local_port == row->local_port &&
		    addresses[other->local].netns == addresses[row->local].netns)
			return true;
	}
	return false;
}

static inline const struct snapshot_netns *plain_netns_of(const struct snapshot *snapshot,
                                                          const struct snapshot_socket *row)
{
	return &snapshot->netns[snapshot->addresses[row->local].netns];
}

static inline bool plain_open(const struct snapshot *snapshot, const struct snapshot_socket *row)
{
	return row->state != STATE_LISTEN && !plain_served(snapshot, row) &&
	       netns_is_ephemeral(plain_netns_of(snapshot, row), row->remote_port);
}

struct plain_crowd {
	uint32_t rows, others;
};

/* Counts the open rows that share the row's local address and port, and their different remote ports, or the other
 * way round. */
static inline struct plain_crowd plain_crowd_of(const struct snapshot *snapshot, const struct snapshot_socket *row,
                                                bool remote)
{
	struct plain_crowd crowd = {0};
	struct port_set others = {0};

	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *other = &snapshot->sockets[i];
		uint16_t port = remote ? other->local_port : other->remote_port;

		if (!plain_open(snapshot, other) || plain_netns_of(snapshot, other) != plain_netns_of(snapshot, row) ||
		    (remote ? other->remote_port != row->remote_port
		            : other->local != row->local || other->local_port != row->local_port))
			continue;
		crowd.rows++;
		crowd.others += !port_set_has(&others, port);
		port_set_add(&others, port);
	}
	return crowd;
}

static inline bool plain_outbound(const struct snapshot *snapshot, const struct snapshot_socket *row)
{
	struct plain_crowd here, there;

	if (row->state == STATE_LISTEN || plain_served(snapshot, row))
		return false;
	if (!plain_open(snapshot, row))
		return true;
	here = plain_crowd_of(snapshot, row, false);
	there = plain_crowd_of(snapshot, row, true);
	if (there.others >= 3 && there.rows > here.rows)
		return true;
	return netns_is_ephemeral(plain_netns_of(snapshot, row), row->local_port) && here.others < 3;
}

#endif
