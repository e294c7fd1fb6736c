/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the kernel's table of connections, or dumps of as few states and ports as will do, and a count of sockets
 * that tells whether they did. */
#include "exporter/platform/linux/bpf/ownerless.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/linux/netlink/socket_row.h"
#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/linux/procfs/parse.h"

/* Sockets in these states may have lost their process, or never had one. */
#define CLOSING_STATES                                                                                                 \
	(1u << TCP_TIME_WAIT | 1u << TCP_SYN_RECV | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING |    \
	 1u << TCP_LAST_ACK)
/* Sockets in these may wait in an accept queue. */
#define WAITING_STATES (1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT)
/* A handshake's own state (include/net/tcp_states.h); dumps tell it as SYN_RECV. */
#define TCP_NEW_SYN_RECV 12
/* inet_diag_msg.idiag_timer of the stand-in that the kernel keeps of a closed socket (net/ipv4/inet_diag.c). */
#define TIMER_TIME_WAIT 3
/* sockstat is a dozen lines, snmp as many long ones. */
#define SOCKSTAT_SIZE 2048
#define SNMP_SIZE     8192

int ownerless_init(struct ownerless *ownerless, int procfs, struct held_sockets *held, struct bpf_iterator *iterator)
{
	*ownerless = (struct ownerless){.procfs = procfs, .held = held, .iterator = iterator};
	return sock_diag_init(&ownerless->diag);
}

void ownerless_release(struct ownerless *ownerless)
{
	sock_diag_release(&ownerless->diag);
	free(ownerless->hidden.ids);
	free(ownerless->hidden_before.ids);
}

/* As held_sockets_check() has them. */
static uint32_t ports_of(const struct inet_diag_msg *msg)
{
	return (uint32_t)ntohs(msg->id.idiag_sport) << 16 | msg->id.idiag_dport;
}

/* The same for the same connection from scrape to scrape. */
static uint64_t key_of(const struct ownerless *ownerless, const struct inet_diag_msg *msg)
{
	const struct socket_index *index = &ownerless->held->index;
	int family = msg->idiag_family == AF_INET6 ? 6 : 4;
	uint32_t ports = ports_of(msg);

	return (uint64_t)socket_index_check(index, family, msg->id.idiag_src, 0, msg->id.idiag_if) << 32 ^
	       socket_index_check(index, family, msg->id.idiag_dst, ports, 0);
}

static int append(struct ownerless *ownerless, const struct snapshot_socket *socket, uint32_t check)
{
	struct snapshot *snapshot = ownerless->held->snapshot;
	struct snapshot_socket *row = snapshot_add_socket(snapshot);

	if (!row)
		return -ENOMEM;
	*row = *socket;
	return socket_index_add(&ownerless->held->index, snapshot, check);
}

static int index_connections(struct ownerless *ownerless)
{
	const struct snapshot *snapshot = ownerless->held->snapshot;
	int result = socket_index_by_connection(&ownerless->held->index, snapshot, snapshot->socket_count);

	ownerless->indexed = result == 0;
	return result;
}

/* 1: it was not met in the walk of files, nor in an earlier dump. One that was and moved since keeps the row that it
 * has. 0: it was; or -errno. */
static int is_new(struct ownerless *ownerless, const struct snapshot_socket *socket, uint32_t check)
{
	int result = ownerless->indexed ? 0 : index_connections(ownerless);

	return result != 0 ? result
	                   : !socket_index_has(&ownerless->held->index, ownerless->held->snapshot, socket, check);
}

static int add_row(void *data, const struct inet_diag_row *row)
{
	struct ownerless *ownerless = data;
	struct held_sockets *held = ownerless->held;
	const struct inet_diag_msg *msg = row->msg;
	struct snapshot_socket socket;
	uint32_t check;
	int result;

	if (ownerless->without_inode_only && msg->idiag_inode != 0)
		return 0;
	result = socket_row_of_diag(held->snapshot, ownerless->netns, held->options->want & WANT_REMOTE_ADDRESSES, msg,
	                            row->v6_only, &socket);
	if (result != 0)
		return result;
	if (row->has_quiet && socket.state == STATE_CLOSE_WAIT)
		socket_row_set_quiet(&socket, row->quiet_ms);
	check = socket.state == STATE_LISTEN ? msg->idiag_inode
	                                     : socket_index_check(&held->index, msg->idiag_family == AF_INET6 ? 6 : 4,
	                                                          msg->id.idiag_dst, ports_of(msg), msg->id.idiag_if);
	result = is_new(ownerless, &socket, check);
	if (result != 1)
		return result;
	if (msg->idiag_timer != TIMER_TIME_WAIT && msg->idiag_state != TCP_SYN_RECV)
		held->netns[ownerless->netns].counted++;
	if (ownerless->of_all && msg->idiag_inode != 0) {
		ownerless->unmet_count++;
		if (ownerless->has_before)
			unmet_found(&ownerless->unmet, key_of(ownerless, msg));
	}
	return append(ownerless, &socket, check);
}

static int add_connection(struct ownerless *ownerless, const struct window_row *row)
{
	struct held_sockets *held = ownerless->held;
	struct snapshot_socket socket = {.owner = OWNER_NONE, .remote = ADDRESS_ABSENT};
	uint32_t check = held_sockets_check(held, row);
	int result;

	if (row->state < TCP_ESTABLISHED || row->state > TCP_CLOSING)
		return 0; /* it left the tables while the row was made */
	result = held_sockets_fill(held, row, ownerless->netns, &socket);
	if (result == 0)
		result = is_new(ownerless, &socket, check);
	if (result != 1)
		return result;
	if (!(row->flags & ROW_NO_SOCKET) && row->state != TCP_SYN_RECV)
		held->netns[ownerless->netns].counted++;
	return append(ownerless, &socket, check);
}

static int add_connections(void *data, const struct window *window, uint32_t count)
{
	int result = 0;

	for (uint32_t i = 0; i < count && result == 0; i++)
		result = add_connection(data, &window->rows[i]);
	return result;
}

static int restart_rows(void *data)
{
	struct ownerless *ownerless = data;
	struct held_sockets *held = ownerless->held;

	held->netns[ownerless->netns].counted = ownerless->first_counted;
	ownerless->unmet_count = 0;
	unmet_begin_dump(&ownerless->unmet);
	if (held->snapshot->socket_count == ownerless->first_row)
		return 0;
	held->snapshot->socket_count = ownerless->first_row;
	return index_connections(ownerless);
}

/* What is read next is to be forgotten when it has to be read again. */
static void begin_rows(struct ownerless *ownerless)
{
	ownerless->first_row = ownerless->held->snapshot->socket_count;
	ownerless->first_counted = ownerless->held->netns[ownerless->netns].counted;
}

static int dump(struct ownerless *ownerless, const struct sock_diag_request *request, struct patience *patience,
                struct platform_error *error)
{
	const struct sock_diag_rows rows = {.row = add_row, .restart = restart_rows, .data = ownerless};

	begin_rows(ownerless);
	return sock_diag_dump(&ownerless->diag, request, patience, &rows, error);
}

/* The ports of listeners with connections to accept: all in a set, and as many in a list as a dump is filtered by and
 * one more. */
static void find_waiting_ports(struct ownerless *ownerless)
{
	const struct held_sockets *held = ownerless->held;
	const struct snapshot *snapshot = held->snapshot;

	memset(&ownerless->waiting, 0, sizeof(ownerless->waiting));
	ownerless->port_count = 0;
	for (size_t i = 0; i < held->waiting_count; i++) {
		const struct snapshot_socket *listener = &snapshot->sockets[held->waiting[i]];

		if (snapshot->addresses[listener->local].netns != ownerless->netns ||
		    port_set_has(&ownerless->waiting, listener->local_port))
			continue;
		port_set_add(&ownerless->waiting, listener->local_port);
		if (ownerless->port_count <= SOCK_DIAG_PORTS_MAX)
			ownerless->ports[ownerless->port_count++] = listener->local_port;
	}
}

/* A row that has an inode by now was accepted after the walk had passed by. */
static int read_waiting(struct ownerless *ownerless, struct patience *patience, struct platform_error *error)
{
	const struct sock_diag_request request = {
	        .states = WAITING_STATES,
	        .tcp_info = ownerless->held->options->want & WANT_CLOSE_WAIT_AGE,
	        .ports = ownerless->ports,
	        .port_count = ownerless->port_count,
	};

	ownerless->without_inode_only = false;
	return request.port_count == 0 ? 0 : dump(ownerless, &request, patience, error);
}

static int read_closing(struct ownerless *ownerless, struct patience *patience, struct platform_error *error)
{
	const struct sock_diag_request request = {.states = CLOSING_STATES};

	ownerless->without_inode_only = true;
	return dump(ownerless, &request, patience, error);
}

/* -ENOTSUP: the table cannot be walked here. */
static int walk_connections(struct ownerless *ownerless, struct patience *patience, struct platform_error *error)
{
	const struct bpf_iterator_request request = {
	        .ownerless_states = CLOSING_STATES | 1u << TCP_NEW_SYN_RECV,
	        .port_states = WAITING_STATES,
	        .ports = ownerless->port_count > 0 ? &ownerless->waiting : NULL,
	};
	const struct bpf_iterator_sink sink = {.rows = add_connections, .data = ownerless};
	int result;

	begin_rows(ownerless);
	result = bpf_iterator_walk_connections(ownerless->iterator, &request, patience, &sink, error);
	if (result == -ENOTSUP) {
		int restarted = restart_rows(ownerless);

		result = restarted != 0 ? restarted : result;
	}
	return result;
}

/* What no process holds. */
static int read_unheld(struct ownerless *ownerless, struct patience *patience, struct platform_error *error)
{
	int result;

	find_waiting_ports(ownerless);
	result = walk_connections(ownerless, patience, error);
	if (result != -ENOTSUP)
		return result;
	result = read_closing(ownerless, patience, error);
	return result != 0 ? result : read_waiting(ownerless, patience, error);
}

static int note_hidden(struct ownerless *ownerless)
{
	struct netns_ids *hidden = &ownerless->hidden;
	int result = array_reserve((void **)&hidden->ids, &hidden->capacity, hidden->count + 1, sizeof(*hidden->ids));

	if (result == 0)
		hidden->ids[hidden->count++] = ownerless->held->snapshot->netns[ownerless->netns].id;
	return result;
}

static int read_all(struct ownerless *ownerless, struct patience *patience, struct platform_error *error)
{
	const struct sock_diag_request request = {
	        .states = SOCK_DIAG_ALL_STATES,
	        .tcp_info = ownerless->held->options->want & WANT_CLOSE_WAIT_AGE,
	};
	int result;

	ownerless->without_inode_only = false;
	ownerless->of_all = true;
	result = dump(ownerless, &request, patience, error);
	ownerless->of_all = false;
	if (result == 0 && ownerless->has_before)
		unmet_end_dump(&ownerless->unmet);
	else if (result == 0 && ownerless->unmet_count > 0)
		result = note_hidden(ownerless);
	return result;
}

/* What the kernel counts in the namespace of a process. False: it cannot be told. */
static bool read_sockstat(int procfs, const char *process, struct sockstat *sockstat)
{
	struct sockstat of_ipv6 = {0, 0};
	char path[64], bytes[SOCKSTAT_SIZE];
	long length;

	snprintf(path, sizeof(path), "%.16s/net/sockstat", process);
	length = read_file_at(procfs, path, bytes, sizeof(bytes));
	if (length <= 0 || !parse_sockstat(bytes, (size_t)length, "TCP:", sockstat))
		return false;
	snprintf(path, sizeof(path), "%.16s/net/sockstat6", process);
	length = read_file_at(procfs, path, bytes, sizeof(bytes));
	/* A kernel without IPv6 has no such file. */
	if (length != -ENOENT && (length <= 0 || !parse_sockstat(bytes, (size_t)length, "TCP6:", &of_ipv6)))
		return false;
	sockstat->in_use += of_ipv6.in_use;
	return true;
}

static bool had_hidden(const struct ownerless *ownerless, uint32_t netns)
{
	const struct netns_ids *hidden = &ownerless->hidden_before;
	uint64_t id = ownerless->held->snapshot->netns[netns].id;

	for (size_t i = 0; i < hidden->count; i++)
		if (hidden->ids[i] == id)
			return true;
	return false;
}

int ownerless_expected(const struct ownerless *ownerless, uint32_t netns, const char *process)
{
	const struct held_sockets *held = ownerless->held;
	bool known = netns < held->netns_known;
	struct sockstat sockstat;

	if (!read_sockstat(ownerless->procfs, process, &sockstat) ||
	    (known && (held->netns[netns].requests || had_hidden(ownerless, netns))))
		return 1;
	return sockstat.time_wait != 0 || sockstat.in_use != (known ? held->netns[netns].counted : 0);
}

/* False: it cannot be told. */
static bool read_counts(int procfs, struct unmet_counts *counts)
{
	char bytes[SNMP_SIZE];
	struct sockstat sockstat;
	long length = read_file_at(procfs, "thread-self/net/snmp", bytes, sizeof(bytes));

	if (length <= 0 || !parse_snmp_opened(bytes, (size_t)length, &counts->opened) ||
	    !read_sockstat(procfs, "thread-self", &sockstat))
		return false;
	counts->in_use = sockstat.in_use;
	return true;
}

void ownerless_begin(struct ownerless *ownerless)
{
	struct netns_ids unused = ownerless->hidden_before;

	ownerless->hidden_before = ownerless->hidden;
	ownerless->hidden = unused;
	ownerless->hidden.count = 0;
	ownerless->indexed = false;
	ownerless->has_before = read_counts(ownerless->procfs, &ownerless->before);
}

/* Of other namespaces nobody knows what they had before the walk: whatever was not met may be hidden. */
static bool is_some_unmet(struct ownerless *ownerless)
{
	uint64_t met = ownerless->held->netns[ownerless->netns].counted;
	struct unmet_counts after;

	if (!read_counts(ownerless->procfs, &after))
		return true;
	return ownerless->has_before ? unmet_expected(&ownerless->unmet, &ownerless->before, &after, met)
	                             : after.in_use != met || had_hidden(ownerless, ownerless->netns);
}

int ownerless_read(struct ownerless *ownerless, uint32_t netns, struct patience *patience, struct platform_error *error)
{
	int result = 0;

	ownerless->netns = netns;
	if (ownerless_expected(ownerless, netns, "thread-self")) {
		result = read_unheld(ownerless, patience, error);
		if (result == 0 && is_some_unmet(ownerless))
			result = read_all(ownerless, patience, error);
	}
	ownerless->has_before = false;
	return result;
}
