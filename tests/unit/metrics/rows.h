/* SPDX-License-Identifier: Apache-2.0 */
/* Builder of snapshots for the tests of listeners, census and fold. */
#ifndef TESTS_UNIT_METRICS_ROWS_H
#define TESTS_UNIT_METRICS_ROWS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "metrics/snapshot.h"

/* The ephemeral range of namespaces that rows_netns() makes. */
enum { ROWS_LOW = 32768, ROWS_HIGH = 60999 };

static inline uint32_t rows_netns(struct snapshot *snapshot, uint64_t id)
{
	const struct snapshot_netns netns = {id, ROWS_LOW, ROWS_HIGH};
	uint32_t index;

	assert_int_equal(snapshot_add_netns(snapshot, &netns, &index), 0);
	return index;
}

static inline uint32_t rows_process(struct snapshot *snapshot, uint32_t pid, uint64_t start, const char *name)
{
	uint32_t index;

	assert_int_equal(snapshot_add_process(snapshot, pid, start, &index), 0);
	assert_int_equal(snapshot_set_text(snapshot, index, PROCESS_NAME, name, strlen(name)), 0);
	return index;
}

static inline uint32_t rows_address(struct snapshot *snapshot, uint32_t netns, const char *address)
{
	unsigned char bytes[16];
	int family = strchr(address, ':') ? 6 : 4;
	uint32_t index;

	assert_int_equal(inet_pton(family == 6 ? AF_INET6 : AF_INET, address, bytes), 1);
	assert_int_equal(snapshot_intern_address(snapshot, netns, family, bytes, &index), 0);
	return index;
}

/* Adds a row in the first namespace. A connection has a client's port at its other end. The row is valid until the
 * next row is added. */
static inline struct snapshot_socket *rows_socket(struct snapshot *snapshot, uint32_t owner, enum socket_state state,
                                                  const char *address, uint16_t port)
{
	uint32_t local = rows_address(snapshot, 0, address);
	struct snapshot_socket *socket = snapshot_add_socket(snapshot);

	assert_non_null(socket);
	socket->owner = owner;
	socket->state = (uint8_t)state;
	socket->local = local;
	socket->local_port = port;
	if (state != STATE_LISTEN)
		socket->remote_port = (uint16_t)(ROWS_LOW + snapshot->socket_count % (ROWS_HIGH - ROWS_LOW));
	return socket;
}

/* Adds a listener with `waiting` connections in its accept queue. */
static inline struct snapshot_socket *rows_listener(struct snapshot *snapshot, uint32_t owner, const char *address,
                                                    uint16_t port, uint32_t waiting)
{
	struct snapshot_socket *socket = rows_socket(snapshot, owner, STATE_LISTEN, address, port);

	socket->flags |= SOCKET_HAS_QUEUES;
	socket->receive_queue = waiting;
	socket->send_queue = 128;
	return socket;
}

/* Gives a listener its drops. */
static inline void rows_drops(struct snapshot *snapshot, struct snapshot_socket *socket, uint64_t identity,
                              uint32_t drops)
{
	assert_int_equal(snapshot_set_drops(snapshot, socket, identity, drops), 0);
	snapshot->listeners[socket->listener - 1].new_drops = drops;
}

#endif
