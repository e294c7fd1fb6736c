/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: each connection is inbound or outbound, and its port labels follow from that.
 *
 * A connection is inbound if
 *  - its local port is served (served_ports.h); or
 *  - its local port lies outside the ephemeral range and its remote port inside. connect() picks local
 *    ports from the range, so a listener that has closed accepted this connection; or
 *  - both lie inside, and at least ROLE_CROWD connections with different remote ports share its local
 *    address and port.
 * Every other connection is outbound.
 *
 * The last two rules do not apply if the remote port is crowded in the same sense, and by more
 * connections than the local address and port. Then the remote port is a service's: a proxy connects to
 * it from a range of source ports, or connections to several services share a local port by chance.
 *
 * The rules do not use remote addresses, which most snapshots lack.
 */
#ifndef METRICS_CENSUS_ROLE_H
#define METRICS_CENSUS_ROLE_H

#include "metrics/census/served_ports.h"
#include "metrics/hash.h"
#include "metrics/snapshot.h"

/* Connections to two services often share a local port by chance. Connections to three services hardly ever do. */
enum { ROLE_CROWD = 3 };

enum role {
	ROLE_LISTENER,
	ROLE_INBOUND,
	ROLE_OUTBOUND,
	ROLE_OPEN, /* the other rows decide, in roles_decide() */
};

struct role_end;
struct role_row;

/* The rows of one snapshot whose role is open, and their ends. All zeros is valid. */
struct roles {
	struct role_row *open; /* rows whose role is open */
	size_t open_count, open_capacity;

	struct role_end *ends; /* private, as is all below */
	size_t end_count, end_capacity;
	struct hash_index index;
};

void roles_clear(struct roles *roles);
void roles_release(struct roles *roles);

/* Returns the role that follows from the row's own ports. */
static inline enum role role_of_ports(const struct snapshot *snapshot, const struct served_ports *served,
                                      const struct snapshot_socket *socket, uint32_t netns)
{
	if (socket->state == STATE_LISTEN)
		return ROLE_LISTENER;
	if (served_ports_have(served, snapshot, netns, socket->local_port))
		return ROLE_INBOUND;
	return netns_is_ephemeral(&snapshot->netns[netns], socket->remote_port) ? ROLE_OPEN : ROLE_OUTBOUND;
}

/* Adds a row whose role is open. Returns 0 or -ENOMEM. */
int roles_add(struct roles *roles, const struct snapshot *snapshot, uint32_t row) MUST_CHECK;

/* Decides the role of open row number `open`. Call after every open row was added. Returns the row's number. */
uint32_t roles_decide(const struct roles *roles, size_t open, enum role *role);

#endif
