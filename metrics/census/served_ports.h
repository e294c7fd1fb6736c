/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Served ports: the local ports of each network namespace that have a listener, and those that had one
 * at an earlier scrape and still have connections.
 *
 * A server that drains or stops closes its listener first. Without the memory of earlier scrapes its
 * connections would look like outbound ones. A port is forgotten at the first scrape that sees neither
 * a listener nor a connection there.
 */
#ifndef METRICS_CENSUS_SERVED_PORTS_H
#define METRICS_CENSUS_SERVED_PORTS_H

#include "metrics/census/listeners.h"
#include "metrics/hash.h"
#include "metrics/snapshot.h"

struct served_port;

struct served_ports {
	struct port_set ports; /* served in some namespace */

	struct served_port *items; /* private, as is all below */
	size_t count, capacity;
	struct hash_index index;
};

/* Makes an empty set. */
void served_ports_init(struct served_ports *served);
void served_ports_release(struct served_ports *served);

/* Updates the ports from the snapshot and its listeners. Call once per snapshot. Returns 0 or -ENOMEM. */
int served_ports_update(struct served_ports *served, const struct snapshot *snapshot,
                        const struct listeners *listeners) MUST_CHECK;

/* Returns true if the port is served in the namespace, an index into the snapshot of the last update. */
bool served_ports_have(const struct served_ports *served, const struct snapshot *snapshot, uint32_t netns,
                       uint16_t port);

#endif
