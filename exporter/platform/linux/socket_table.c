/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of sock_diag -> rows of the snapshot. */
#include "exporter/platform/linux/socket_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert((int)STATE_ESTABLISHED == TCP_ESTABLISHED - 1 && (int)STATE_CLOSING == TCP_CLOSING - 1,
               "the kernel numbers the states from 1, in the order of enum socket_state");
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
	free(table->waiting);
}

int socket_table_reset(struct socket_table *table)
{
	table->waiting_count = 0;
	return inode_index_reset(&table->inodes);
}

/* A FIN that the peer has sent and the process has not read counts as one byte of rcv_nxt - copied_seq. */
static uint32_t unread_bytes(enum socket_state state, uint32_t queue)
{
	bool fin_received = state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK || state == STATE_CLOSING;

	return fin_received && queue > 0 ? queue - 1 : queue;
}

/* A SYN or FIN of ours that the peer has not acknowledged counts as one byte of write_seq - snd_una. */
static uint32_t unacknowledged_bytes(enum socket_state state, uint32_t queue)
{
	bool syn_or_fin_sent = state == STATE_SYN_SENT || state == STATE_FIN_WAIT1 || state == STATE_LAST_ACK ||
	                       state == STATE_CLOSING;

	return syn_or_fin_sent && queue > 0 ? queue - 1 : queue;
}

static bool same_connection(const struct snapshot_socket *a, const struct snapshot_socket *b)
{
	return a->local == b->local && a->local_port == b->local_port && a->remote_port == b->remote_port;
}

/* A socket that moved while the table was walked can be dumped twice: the later row replaces the earlier. */
static struct snapshot_socket *find_again(struct socket_table *table, uint32_t inode,
                                          const struct snapshot_socket *socket)
{
	const struct inode_entry *entry = NULL;

	while ((entry = inode_index_next(&table->inodes, inode, entry)) != NULL) {
		struct snapshot_socket *row = &table->snapshot->sockets[entry->row];

		if (same_connection(row, socket))
			return row;
	}
	return NULL;
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

/* Puts the row into the snapshot, and into the indexes that later passes need. */
static int store(struct socket_table *table, const struct inet_diag_msg *msg, const struct snapshot_socket *socket)
{
	struct snapshot_socket *row = NULL;
	int result = 0;

	if (msg->idiag_inode != 0)
		row = find_again(table, msg->idiag_inode, socket);
	if (row) {
		*row = *socket;
	} else {
		row = snapshot_add_socket(table->snapshot);
		if (!row)
			return -ENOMEM;
		*row = *socket;
		if (msg->idiag_inode != 0)
			result = inode_index_add(&table->inodes, msg->idiag_inode,
			                         (uint32_t)(row - table->snapshot->sockets));
	}
	if (result == 0 && socket->state == STATE_CLOSE_WAIT)
		result = remember_waiting(table, msg, (uint32_t)(row - table->snapshot->sockets));
	return result;
}

static int intern(struct socket_table *table, const struct inet_diag_msg *msg, const void *address, uint32_t *index)
{
	return snapshot_intern_address(table->snapshot, table->netns, msg->idiag_family == AF_INET6 ? 6 : 4, address,
	                               index);
}

static int add_row(void *data, const struct inet_diag_row *row)
{
	struct socket_table *table = data;
	const struct inet_diag_msg *msg = row->msg;
	struct snapshot_socket socket = {.owner = OWNER_NONE, .remote = ADDRESS_ABSENT, .flags = SOCKET_HAS_QUEUES};
	enum socket_state state;
	int result;

	if (msg->idiag_state < TCP_ESTABLISHED || msg->idiag_state > TCP_CLOSING ||
	    (msg->idiag_family != AF_INET && msg->idiag_family != AF_INET6))
		return -EBADMSG;
	state = (enum socket_state)(msg->idiag_state - TCP_ESTABLISHED);
	result = intern(table, msg, msg->id.idiag_src, &socket.local);
	if (result == 0 && table->remote_addresses)
		result = intern(table, msg, msg->id.idiag_dst, &socket.remote);
	if (result != 0)
		return result;
	socket.state = (uint8_t)state;
	socket.local_port = ntohs(msg->id.idiag_sport);
	socket.remote_port = ntohs(msg->id.idiag_dport);
	/* Of a listener they are its accept queue's length and limit. */
	socket.receive_queue = unread_bytes(state, msg->idiag_rqueue);
	socket.send_queue = unacknowledged_bytes(state, msg->idiag_wqueue);
	if (row->v6_only)
		socket.flags |= SOCKET_V6_ONLY;
	if (msg->idiag_family == AF_INET6 && table->snapshot->addresses[socket.local].family == 4)
		socket.flags |= SOCKET_V4_MAPPED;
	return store(table, msg, &socket);
}

static int restart_rows(void *data)
{
	struct socket_table *table = data;

	table->waiting_count = 0;
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
	if (found && row->has_quiet) {
		struct snapshot_socket *socket = &table->snapshot->sockets[found->row];

		socket->quiet_ms = row->quiet_ms;
		socket->flags |= SOCKET_HAS_QUIET;
	}
	return 0;
}

static int nothing_to_restart(void *data)
{
	(void)data;
	return 0;
}

/* tcp_info costs a quarter more time a row, so only the sockets in CLOSE_WAIT are asked for it, if there are any. */
static int read_close_wait_ages(struct socket_table *table, struct patience *patience, struct platform_error *error)
{
	const struct sock_diag_request request = {.states = SOCK_DIAG_CLOSE_WAIT, .tcp_info = true};
	const struct sock_diag_rows rows = {.row = set_quiet, .restart = nothing_to_restart, .data = table};

	if (table->waiting_count == 0)
		return 0;
	qsort(table->waiting, table->waiting_count, sizeof(*table->waiting), by_cookie);
	return sock_diag_dump(&table->diag, &request, patience, &rows, error);
}

int socket_table_read(struct socket_table *table, struct snapshot *snapshot, uint32_t netns, unsigned want,
                      struct patience *patience, struct platform_error *error)
{
	const struct sock_diag_request request = {.states = SOCK_DIAG_ALL_STATES};
	const struct sock_diag_rows rows = {.row = add_row, .restart = restart_rows, .data = table};
	int result;

	table->snapshot = snapshot;
	table->netns = netns;
	table->first_row = (uint32_t)snapshot->socket_count;
	table->remote_addresses = want & WANT_REMOTE_ADDRESSES;
	result = sock_diag_dump(&table->diag, &request, patience, &rows, error);
	if (result == 0 && (want & WANT_CLOSE_WAIT_AGE))
		result = read_close_wait_ages(table, patience, error);
	return result;
}
