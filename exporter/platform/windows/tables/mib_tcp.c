/* SPDX-License-Identifier: Apache-2.0 */
/* TCP tables of GetExtendedTcpTable(): their decoders. */
#include "exporter/platform/windows/tables/mib_tcp.h"

#include <errno.h>
#include <string.h>

/* dwNumEntries. The rows follow at once, since they need no more alignment. */
#define HEADER_SIZE sizeof(uint32_t)

/* Returns the state of a MIB_TCP_STATE (tcpmib.h), which starts at 1. An unknown state becomes closed, so that the
 * socket is counted. */
static enum socket_state state_of(uint32_t state)
{
	static const enum socket_state states[] = {
	        STATE_CLOSED,      STATE_CLOSED,    STATE_LISTEN,     STATE_SYN_SENT,   STATE_SYN_RECV,
	        STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_FIN_WAIT2,  STATE_CLOSE_WAIT, STATE_CLOSING,
	        STATE_LAST_ACK,    STATE_TIME_WAIT, STATE_DELETE_TCB,
	};

	return state < sizeof(states) / sizeof(states[0]) ? states[state] : STATE_CLOSED;
}

/* Returns the port, without the undefined high half. */
static uint16_t port_of(uint32_t port)
{
	uint8_t bytes[sizeof(port)];

	memcpy(bytes, &port, sizeof(port));
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static int64_t count(const void *bytes, size_t length, size_t row_size)
{
	uint32_t rows;

	if (length < HEADER_SIZE)
		return -EINVAL;
	memcpy(&rows, bytes, sizeof(rows));
	return rows <= (length - HEADER_SIZE) / row_size ? (int64_t)rows : -EINVAL;
}

static struct mib_row without_undefined(struct mib_row row)
{
	if (row.state != STATE_LISTEN)
		return row;
	memset(row.remote, 0, sizeof(row.remote));
	row.remote_port = 0;
	return row;
}

int64_t mib_tcp4_count(const void *bytes, size_t length)
{
	return count(bytes, length, sizeof(struct mib_tcp4_row));
}

int64_t mib_tcp6_count(const void *bytes, size_t length)
{
	return count(bytes, length, sizeof(struct mib_tcp6_row));
}

struct mib_row mib_tcp4_row(const void *bytes, size_t index)
{
	struct mib_row row = {.family = 4};
	struct mib_tcp4_row raw;

	memcpy(&raw, (const char *)bytes + HEADER_SIZE + index * sizeof(raw), sizeof(raw));
	row.state = state_of(raw.state);
	memcpy(row.local, raw.local, sizeof(raw.local));
	memcpy(row.remote, raw.remote, sizeof(raw.remote));
	row.local_port = port_of(raw.local_port);
	row.remote_port = port_of(raw.remote_port);
	row.pid = raw.pid;
	return without_undefined(row);
}

struct mib_row mib_tcp6_row(const void *bytes, size_t index)
{
	struct mib_row row = {.family = 6};
	struct mib_tcp6_row raw;

	memcpy(&raw, (const char *)bytes + HEADER_SIZE + index * sizeof(raw), sizeof(raw));
	row.state = state_of(raw.state);
	memcpy(row.local, raw.local, sizeof(raw.local));
	memcpy(row.remote, raw.remote, sizeof(raw.remote));
	row.local_port = port_of(raw.local_port);
	row.remote_port = port_of(raw.remote_port);
	row.pid = raw.pid;
	return without_undefined(row);
}

int mib_row_add(struct snapshot *snapshot, const struct mib_row *row, bool with_remote)
{
	struct snapshot_socket *socket;
	uint32_t local, remote = ADDRESS_ABSENT;
	int result = snapshot_intern_address(snapshot, 0, row->family, row->local, &local);

	if (result == 0 && with_remote)
		result = snapshot_intern_address(snapshot, 0, row->family, row->remote, &remote);
	if (result != 0)
		return result;
	socket = snapshot_add_socket(snapshot);
	if (socket == NULL)
		return -ENOMEM;
	socket->state = (uint8_t)row->state;
	socket->local = local;
	socket->remote = remote;
	socket->local_port = row->local_port;
	socket->remote_port = row->remote_port;
	if (row->family == 6 && snapshot->addresses[local].family == 4)
		socket->flags |= SOCKET_V4_MAPPED;
	/* A listener of both families has a row in both tables, so its IPv6 row stands for IPv6 alone. */
	if (row->family == 6 && row->state == STATE_LISTEN)
		socket->flags |= SOCKET_V6_ONLY;
	return 0;
}
