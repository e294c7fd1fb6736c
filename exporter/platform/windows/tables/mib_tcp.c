/* SPDX-License-Identifier: Apache-2.0 */
/* TCP tables of GetExtendedTcpTable(): their decoders. */
#include "exporter/platform/windows/tables/mib_tcp.h"

#include <errno.h>
#include <string.h>

/* The fields that all rows of a family share, under the same names. */
#define SHARED(row)                                                                                                    \
	.size = sizeof(struct row), .state = offsetof(struct row, state), .local = offsetof(struct row, local),        \
	.local_port = offsetof(struct row, local_port), .remote = offsetof(struct row, remote),                        \
	.remote_port = offsetof(struct row, remote_port), .pid = offsetof(struct row, pid)
#define MODULE(row) .created = offsetof(struct row, created), .module = offsetof(struct row, module)

/* The rows of owner modules have 64-bit fields, so they are aligned to 8. */
const struct mib_layout mib_tcp4 = {
        .family = 4, .header = sizeof(uint64_t), SHARED(mib_tcp4_row), MODULE(mib_tcp4_row)};
const struct mib_layout mib_tcp6 = {
        .family = 6, .header = sizeof(uint64_t), SHARED(mib_tcp6_row), MODULE(mib_tcp6_row)};
const struct mib_layout mib_bound4 = {.family = 4, .header = sizeof(uint32_t), SHARED(mib_bound4_row)};
const struct mib_layout mib_bound6 = {.family = 6, .header = sizeof(uint32_t), SHARED(mib_bound6_row)};

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

static uint32_t word(const char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Returns the port, without the undefined high half. */
static uint16_t port_of(const char *bytes)
{
	return (uint16_t)((uint8_t)bytes[0] << 8 | (uint8_t)bytes[1]);
}

static struct mib_row without_undefined(struct mib_row row)
{
	if (row.state != STATE_LISTEN)
		return row;
	memset(row.remote, 0, sizeof(row.remote));
	row.remote_port = 0;
	return row;
}

int64_t mib_count(const struct mib_layout *layout, const void *bytes, size_t length)
{
	uint32_t rows;

	if (length < layout->header)
		return -EINVAL;
	rows = word(bytes);
	return rows <= (length - layout->header) / layout->size ? (int64_t)rows : -EINVAL;
}

struct mib_row mib_row(const struct mib_layout *layout, const void *bytes, size_t index)
{
	const char *raw = (const char *)bytes + layout->header + index * layout->size;
	const size_t address = layout->family == 4 ? 4 : 16;
	struct mib_row row = {
	        .family = layout->family,
	        .state = state_of(word(raw + layout->state)),
	        .local_port = port_of(raw + layout->local_port),
	        .remote_port = port_of(raw + layout->remote_port),
	        .pid = word(raw + layout->pid),
	};

	memcpy(row.local, raw + layout->local, address);
	memcpy(row.remote, raw + layout->remote, address);
	if (layout->created != 0) {
		memcpy(&row.created, raw + layout->created, sizeof(row.created));
		row.service = word(raw + layout->module);
	}
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
