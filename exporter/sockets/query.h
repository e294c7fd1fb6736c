/* SPDX-License-Identifier: Apache-2.0 */
/* Query of /sockets: the sockets behind one sample of tcp_connections or tcp_outbound_connections, by its labels. */
#ifndef EXPORTER_SOCKETS_QUERY_H
#define EXPORTER_SOCKETS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/census/census.h"

/* The value of a port that the query leaves open. */
#define SOCKET_ANY_PORT (UINT32_MAX - 1)

struct socket_query {
	const char *process;              /* the label's value, or NULL for any; the caller keeps it until the answer */
	unsigned states;                  /* STATE_BITs */
	uint32_t local_port, remote_port; /* a number, PORT_EPHEMERAL, PORT_ABSENT or SOCKET_ANY_PORT */
	const char *bad;                  /* the first parameter whose value is unknown, or NULL */
};

/* Makes a query that selects every socket. */
void socket_query_init(struct socket_query *query);

/* Adds one decoded parameter. Ignores unknown names. `value` may be NULL. */
void socket_query_add(struct socket_query *query, const char *name, const char *value);

/* Returns true if the query selects the row, which identity_text() describes with `identities`. */
bool socket_query_selects(const struct socket_query *query, const struct identities *identities,
                          const struct snapshot_socket *socket, const struct census_row *row);

#endif
