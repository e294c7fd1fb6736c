/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners: an index over a snapshot's listeners, and the rule that credits sockets which no process
 * holds to the process that listens on their local address and port.
 *
 * The rule: same network namespace and port; the exact address first, then the wildcard of the socket's
 * family, then, for IPv4, an IPv6 wildcard that is not v6-only. At each address the device decides: a
 * socket that is bound to a device goes to a listener bound to the same device, else to an unbound
 * listener. The kernel binds connections of an unbound listener to a device if their address is link-local
 * or net.ipv4.tcp_l3mdev_accept is set. A socket without a device never goes to a bound listener.
 *
 * Several listeners may share an address and a device (SO_REUSEPORT). A connection that waits to be
 * accepted (ESTABLISHED or CLOSE_WAIT) then goes to a listener whose accept queue still has connections
 * that were not credited. Otherwise, and in every other state, the socket goes to the oldest process.
 */
#ifndef METRICS_CENSUS_LISTENERS_H
#define METRICS_CENSUS_LISTENERS_H

#include "metrics/hash.h"
#include "metrics/snapshot.h"

struct listener {
	uint32_t socket;  /* row in the snapshot */
	uint32_t waiting; /* connections in its accept queue that are not credited yet */
};

struct listener_run;
struct sort_item;

struct listeners {
	struct listener *items; /* sorted by port, address (which implies the namespace), device, age of the owner */
	size_t count, capacity;
	struct port_set ports; /* every port that has a listener in some namespace */

	struct listener_run *runs; /* private: items of one address, and a hash that finds them */
	size_t run_count, run_capacity;
	struct hash_index run_index;
	struct sort_item *order; /* private: scratch */
	size_t order_capacity;
};

void listeners_init(struct listeners *listeners);
void listeners_release(struct listeners *listeners);

/* Builds the index, which refers to rows of `snapshot` by number. Returns 0 or -ENOMEM. Memory is reused. */
int listeners_build(struct listeners *listeners, const struct snapshot *snapshot) MUST_CHECK;

/* Credits each row with OWNER_NONE to its listener's owner and marks it SOCKET_CREDITED. Rows without a listener do not
 * change. Call once per build, since it uses the counts in `listeners`. */
void listeners_credit(struct listeners *listeners, struct snapshot *snapshot);

#endif
