/* SPDX-License-Identifier: Apache-2.0 */
/* Socket table: enters the rows of sock_diag into the snapshot. */
#include "exporter/platform/linux/netlink/socket_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/linux/netlink/socket_row.h"

_Static_assert(SOCK_DIAG_CLOSE_WAIT == 1u << TCP_CLOSE_WAIT, "bit N is state N");

int socket_table_init(struct socket_table *table)
{
	*table = (struct socket_table){0};
	inode_index_init(&table->inodes);
	return sock_diag_init(&table->diag);
}

void socket_table_release(struct socket_table *table)
{
	sock_diag_release(&table->diag);
	inode_index_release(&table->inodes);
	free(table->cookies);
	free(table->waiting);
}

int socket_table_reset(struct socket_table *table)
{
	table->waiting_count = 0;
	return inode_index_reset(&table->inodes);
}

/* Returns the row that a socket already has, or NULL. A socket that moves during the dump can be dumped twice. The
 * sockets of a Multipath TCP connection share an inode, but have different cookies. */
static struct snapshot_socket *find_again(struct socket_table *table, const struct inet_diag_msg *msg)
{
	const struct inode_entry *entry = NULL;

	while ((entry = inode_index_next(&table->inodes, msg->idiag_inode, entry)) != NULL)
		if (table->cookies[entry->row] == msg->id.idiag_cookie[0])
			return &table->snapshot->sockets[entry->row];
	return NULL;
}

/* Adds a row that a process can hold to the index. */
static int enter(struct socket_table *table, const struct inet_diag_msg *msg, uint32_t row)
{
	int result = array_reserve((void **)&table->cookies, &table->cookie_capacity, (size_t)row + 1,
	                           sizeof(*table->cookies));

	if (result != 0)
		return result;
	table->cookies[row] = msg->id.idiag_cookie[0];
	return inode_index_add(&table->inodes, msg->idiag_inode, row);
}

static int remember_waiting(struct socket_table *table, const struct inet_diag_msg *msg, uint32_t row)
{
	int result = array_reserve((void **)&table->waiting, &table->waiting_capacity, table->waiting_count + 1,
	                           sizeof(*table->waiting));

	if (result != 0)
		return result;
	memcpy(&table->waiting[table->waiting_count].cookie, msg->id.idiag_cookie, sizeof(msg->id.idiag_cookie));
	table->waiting[table->waiting_count++].row = row;
	return 0;
}

/* Adds the row to the snapshot, and to the indexes of later passes. */
static int store(struct socket_table *table, const struct inet_diag_msg *msg, const struct snapshot_socket *socket)
{
	struct snapshot_socket *row = NULL;
	int result = 0;

	if (msg->idiag_inode != 0)
		row = find_again(table, msg);
	if (row) {
		*row = *socket;
	} else {
		row = snapshot_add_socket(table->snapshot);
		if (!row)
			return -ENOMEM;
		*row = *socket;
		if (msg->idiag_inode != 0)
			result = enter(table, msg, (uint32_t)(row - table->snapshot->sockets));
	}
	if (result == 0 && socket->state == STATE_CLOSE_WAIT)
		result = remember_waiting(table, msg, (uint32_t)(row - table->snapshot->sockets));
	return result;
}

/* Adds a row of the dump. A socket in TCP_CLOSE is in no table of connections: it has at most a port. */
static int add_row(void *data, const struct inet_diag_row *row)
{
	struct socket_table *table = data;
	struct snapshot_socket socket;
	int result;

	if (row->msg->idiag_state == TCP_CLOSE) {
		if (table->netns == 0)
			port_set_add(&table->snapshot->bound_ports, ntohs(row->msg->id.idiag_sport));
		return 0;
	}
	result = socket_row_of_diag(table->snapshot, table->netns, table->remote_addresses, row, &socket);
	return result != 0 ? result : store(table, row->msg, &socket);
}

static int restart_rows(void *data)
{
	struct socket_table *table = data;

	table->waiting_count = 0;
	if (table->netns == 0)
		table->snapshot->bound_ports = (struct port_set){0};
	if (table->snapshot->socket_count == table->first_row)
		return 0;
	table->snapshot->socket_count = table->first_row;
	return inode_index_forget(&table->inodes, table->first_row);
}

static int by_cookie(const void *a, const void *b)
{
	const struct waiting_socket *left = a, *right = b;

	return (left->cookie > right->cookie) - (left->cookie < right->cookie);
}

static int set_quiet(void *data, const struct inet_diag_row *row)
{
	struct socket_table *table = data;
	struct waiting_socket key = {0}, *found;

	memcpy(&key.cookie, row->msg->id.idiag_cookie, sizeof(key.cookie));
	found = bsearch(&key, table->waiting, table->waiting_count, sizeof(key), by_cookie);
	if (found && row->has_quiet)
		socket_row_set_quiet(&table->snapshot->sockets[found->row], row->quiet_ms);
	return 0;
}

static int nothing_to_restart(void *data)
{
	(void)data;
	return 0;
}

/* Requests tcp_info for the sockets in CLOSE_WAIT alone, because it costs a quarter more time per row. */
static int read_close_wait_ages(struct socket_table *table, struct deadline *deadline, struct platform_error *error)
{
	const struct sock_diag_request request = {.states = SOCK_DIAG_CLOSE_WAIT, .tcp_info = true};
	const struct sock_diag_rows rows = {.row = set_quiet, .restart = nothing_to_restart, .data = table};

	if (table->waiting_count == 0)
		return 0;
	qsort(table->waiting, table->waiting_count, sizeof(*table->waiting), by_cookie);
	return sock_diag_dump(&table->diag, &request, deadline, &rows, error);
}

int socket_table_read(struct socket_table *table, struct snapshot *snapshot, uint32_t netns, unsigned want,
                      struct deadline *deadline, struct platform_error *error)
{
	/* The snapshot has the bound ports of the first namespace only. */
	const struct sock_diag_request request = {
	        .states = SOCK_DIAG_ALL_STATES | (netns == 0 ? SOCK_DIAG_BOUND : 0),
	};
	const struct sock_diag_rows rows = {.row = add_row, .restart = restart_rows, .data = table};
	int result;

	table->snapshot = snapshot;
	table->netns = netns;
	table->first_row = (uint32_t)snapshot->socket_count;
	table->remote_addresses = want & WANT_REMOTE_ADDRESSES;
	result = sock_diag_dump(&table->diag, &request, deadline, &rows, error);
	if (result == 0 && (want & WANT_CLOSE_WAIT_AGE))
		result = read_close_wait_ages(table, deadline, error);
	return result;
}
