/* SPDX-License-Identifier: Apache-2.0 */
/* Unheld sockets: decides whether there may be any, and reads them by a walk over tables or by dumps. */
#include "exporter/platform/linux/bpf/unheld_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/linux/netlink/socket_row.h"
#include "exporter/platform/linux/procfs/netns.h"
#include "exporter/platform/linux/procfs/parse.h"

/* sockstat is a dozen lines, snmp as many long ones. */
#define SOCKSTAT_SIZE 2048
#define SNMP_SIZE     8192
/* TCP_TIMEWAIT_LEN in include/net/tcp.h. */
#define TIMEWAIT_SECONDS 60
/* The index of a large host is in no cache: its slots are asked for so many candidates ahead, and again as many. */
#define CANDIDATES_AHEAD 16
/* States of a connection that a process has closed. */
#define CLOSED_STATES                                                                                                  \
	(STATE_BIT(STATE_FIN_WAIT1) | STATE_BIT(STATE_FIN_WAIT2) | STATE_BIT(STATE_TIME_WAIT) |                        \
	 STATE_BIT(STATE_LAST_ACK) | STATE_BIT(STATE_CLOSING))

int unheld_sockets_init(struct unheld_sockets *unheld, int procfs, struct held_sockets *held,
                        struct bpf_iterator *iterator)
{
	*unheld = (struct unheld_sockets){.procfs = procfs, .held = held, .iterator = iterator};
	return sock_diag_init(&unheld->diag);
}

void unheld_sockets_release(struct unheld_sockets *unheld)
{
	sock_diag_release(&unheld->diag);
	closers_release(&unheld->closers);
	free(unheld->dumped);
}

static bool read_sockstat(int procfs, struct sockstat *sockstat)
{
	struct sockstat of_ipv6 = {0, 0};
	char bytes[SOCKSTAT_SIZE];
	long length = read_file_at(procfs, "thread-self/net/sockstat", bytes, sizeof(bytes));

	if (length <= 0 || !parse_sockstat(bytes, (size_t)length, "TCP:", sockstat))
		return false;
	length = read_file_at(procfs, "thread-self/net/sockstat6", bytes, sizeof(bytes));
	/* A kernel without IPv6 has no such file. */
	if (length != -ENOENT && (length <= 0 || !parse_sockstat(bytes, (size_t)length, "TCP6:", &of_ipv6)))
		return false;
	sockstat->in_use += of_ipv6.in_use;
	return true;
}

/* Returns false if the kernel's counts of our own namespace cannot be read. */
static bool read_counts(int procfs, struct socket_counts *counts)
{
	char bytes[SNMP_SIZE];
	struct sockstat sockstat;
	long length = read_file_at(procfs, "thread-self/net/snmp", bytes, sizeof(bytes));

	if (length <= 0 || !parse_snmp_opened(bytes, (size_t)length, &counts->opened) ||
	    !read_sockstat(procfs, &sockstat))
		return false;
	counts->in_use = sockstat.in_use;
	counts->time_wait = sockstat.time_wait;
	return true;
}

void unheld_sockets_begin(struct unheld_sockets *unheld)
{
	unheld->has_before = !unheld->held->options->all_netns && read_counts(unheld->procfs, &unheld->before);
}

/* The sockets that were there before the walk and those that were opened during it are all that there can be. A new
 * listener would hide an unheld socket. */
enum unheld_kind unheld_sockets_expected(const struct socket_counts *before, const struct socket_counts *after,
                                         uint64_t held, bool same_listeners)
{
	if (!same_listeners || held < before->in_use + (after->opened - before->opened))
		return UNHELD_ANY;
	return after->time_wait != 0 ? UNHELD_MINISOCKETS : UNHELD_NONE;
}

/* Other namespaces are not counted: to read the counts of each costs more than the walk over tables. */
static enum unheld_kind expected(struct unheld_sockets *unheld)
{
	/* A listener of the last read was there before this walk. */
	bool same_listeners = unheld->held->listeners == unheld->listeners;
	enum unheld_kind kind;
	struct socket_counts after;

	unheld->listeners = unheld->held->listeners;
	if (!unheld->has_before || !read_counts(unheld->procfs, &after))
		return UNHELD_ANY;
	kind = unheld_sockets_expected(&unheld->before, &after, unheld->held->own, same_listeners);
	return kind == UNHELD_NONE && unheld->held->requests ? UNHELD_MINISOCKETS : kind;
}

/* `has_file`: the socket was given to a process, or to the kernel. */
static void set_owner(const struct unheld_sockets *unheld, struct snapshot_socket *socket, bool has_file)
{
	socket->owner = has_file && unheld->owners_unknown ? OWNER_UNKNOWN : OWNER_NONE;
}

static int append(struct unheld_sockets *unheld, const struct snapshot_socket *socket, uint32_t check, bool may_repeat)
{
	struct snapshot_socket *row = snapshot_add_socket(unheld->held->snapshot);

	if (!row)
		return -ENOMEM;
	*row = *socket;
	return socket_index_append(&unheld->held->index, check, may_repeat);
}

/* Makes who closed the connection the owner of a row that no process holds. */
static int set_closer(struct unheld_sockets *unheld, const struct window_task *task, struct snapshot_socket *socket)
{
	struct closer closer = {.start = task->start, .pid = task->pid};

	memcpy(closer.comm, task->comm, sizeof(closer.comm));
	return closers_find(&unheld->closers, unheld->held->snapshot, &closer, &socket->owner);
}

static int add_table_row(struct unheld_sockets *unheld, const struct window *window, const struct window_row *row)
{
	struct held_sockets *held = unheld->held;
	struct snapshot_socket socket = {.remote = ADDRESS_ABSENT};
	uint32_t netns;
	int result;

	if (row->state < TCP_ESTABLISHED || row->state > TCP_CLOSING)
		return 0; /* it left the tables while the row was made */
	set_owner(unheld, &socket, row->flags & ROW_HAS_FILE);
	result = held_sockets_netns(held, row, &netns);
	if (result == 0 && row->flags & ROW_CLOSED && row->task < WINDOW_ROWS)
		result = set_closer(unheld, &window->tasks[row->task], &socket);
	if (result == 0)
		result = held_sockets_fill(held, row, netns, &socket);
	return result != 0 ? result : append(unheld, &socket, held_sockets_check(held, row), !(row->flags & ROW_OLD));
}

static int add_table_rows(void *data, const struct window *window)
{
	int result = snapshot_reserve_sockets(((struct unheld_sockets *)data)->held->snapshot, window->row_count);

	for (uint32_t i = 0; i < window->row_count && result == 0; i++)
		result = add_table_row(data, window, &window->rows[i]);
	return result;
}

static uint32_t choose_unheld(void *data, __u64 *candidates, uint32_t count)
{
	const struct unheld_sockets *unheld = data;
	const struct socket_index *index = &unheld->held->index;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (i + 2 * CANDIDATES_AHEAD < count)
			socket_index_prefetch(index, candidates[i + 2 * CANDIDATES_AHEAD]);
		if (i + CANDIDATES_AHEAD < count)
			socket_index_prefetch_entry(index, candidates[i + CANDIDATES_AHEAD]);
		if (!socket_index_has(index, candidates[i]))
			candidates[kept++] = candidates[i];
	}
	return kept;
}

static int walk_tables(struct unheld_sockets *unheld, enum unheld_kind kind)
{
	const struct bpf_table_request request = {
	        .timewait_jiffies = unheld->held->hz * TIMEWAIT_SECONDS,
	        .no_candidates = kind == UNHELD_MINISOCKETS,
	};
	const struct bpf_iterator_sink sink = {.rows = add_table_rows, .choose = choose_unheld, .data = unheld};

	return bpf_iterator_walk_tables(unheld->iterator, &request, unheld->deadline, &sink, unheld->error);
}

static void map_ipv4(__be32 address[4], const __be32 *bytes, int family)
{
	if (family == AF_INET6)
		memcpy(address, bytes, 4 * sizeof(*address));
	else
		memcpy(address, (const __be32[4]){0, 0, htonl(0xffff), bytes[0]}, 4 * sizeof(*address));
}

/* The same, for a row of a dump. */
static int find_closer(struct unheld_sockets *unheld, const struct inet_diag_msg *msg, struct snapshot_socket *socket)
{
	struct snapshot *snapshot = unheld->held->snapshot;
	struct closed_key key = {
	        .netns = (uint32_t)snapshot->netns[unheld->netns].id,
	        .device = msg->id.idiag_if,
	        .local_port = socket->local_port,
	        .remote_port = msg->id.idiag_dport,
	};
	struct closer closer;

	if (!(unheld->held->options->want & WANT_CLOSED_OWNERS) || msg->idiag_inode != 0 ||
	    !(CLOSED_STATES & STATE_BIT(socket->state)))
		return 0;
	map_ipv4(key.local, msg->id.idiag_src, msg->idiag_family);
	map_ipv4(key.remote, msg->id.idiag_dst, msg->idiag_family);
	if (!bpf_iterator_find_closer(unheld->iterator, &key, &closer))
		return 0;
	return closers_find(&unheld->closers, snapshot, &closer, &socket->owner);
}

static int add_dump_row(void *data, const struct inet_diag_row *row)
{
	struct unheld_sockets *unheld = data;
	struct held_sockets *held = unheld->held;
	const struct inet_diag_msg *msg = row->msg;
	struct snapshot_socket socket;
	uint32_t check;
	int result = socket_row_of_diag(held->snapshot, unheld->netns, held->options->want & WANT_REMOTE_ADDRESSES, row,
	                                &socket);

	if (result != 0)
		return result;
	set_owner(unheld, &socket, msg->idiag_inode != 0);
	result = find_closer(unheld, msg, &socket);
	if (result != 0)
		return result;
	if (row->has_quiet && socket.state == STATE_CLOSE_WAIT)
		socket_row_set_quiet(&socket, row->quiet_ms);
	check = socket.state == STATE_LISTEN
	                ? msg->idiag_inode
	                : socket_index_check(&held->index, msg->idiag_family == AF_INET6 ? 6 : 4, msg->id.idiag_dst,
	                                     (uint32_t)socket.local_port << 16 | msg->id.idiag_dport, msg->id.idiag_if);
	return append(unheld, &socket, check, true);
}

static int restart_dump(void *data)
{
	struct unheld_sockets *unheld = data;

	unheld->held->snapshot->socket_count = unheld->first_row;
	socket_index_truncate(&unheld->held->index, unheld->first_row);
	return 0;
}

static bool was_dumped(const struct unheld_sockets *unheld, uint64_t id)
{
	for (size_t i = 0; i < unheld->dumped_count; i++)
		if (unheld->dumped[i] == id)
			return true;
	return false;
}

static int wants_namespace(void *data, uint64_t id, const char *process)
{
	(void)process;
	return !was_dumped(data, id);
}

/* Dumps the calling thread's namespace. */
static int dump_namespace(void *data, uint64_t id)
{
	struct unheld_sockets *unheld = data;
	struct snapshot *snapshot = unheld->held->snapshot;
	const struct sock_diag_request request = {
	        .states = SOCK_DIAG_ALL_STATES,
	        .tcp_info = unheld->held->options->want & WANT_CLOSE_WAIT_AGE,
	};
	const struct sock_diag_rows rows = {.row = add_dump_row, .restart = restart_dump, .data = unheld};
	int result = array_reserve((void **)&unheld->dumped, &unheld->dumped_capacity, unheld->dumped_count + 1,
	                           sizeof(*unheld->dumped));

	if (result != 0)
		return result;
	unheld->dumped[unheld->dumped_count++] = id;
	unheld->netns = netns_find(snapshot, id);
	if (unheld->netns == snapshot->netns_count)
		result = netns_add_current(unheld->procfs, id, snapshot, &unheld->netns);
	unheld->first_row = snapshot->socket_count;
	return result != 0 ? result : sock_diag_dump(&unheld->diag, &request, unheld->deadline, &rows, unheld->error);
}

/* Every socket of the namespaces, those that the walk over files has reached too. */
static int dump(struct unheld_sockets *unheld)
{
	const struct netns_scope scope = {unheld->held->snapshot->netns[0].id, unheld->held->options->all_netns};
	const struct netns_visitor visitor = {.wanted = wants_namespace, .visit = dump_namespace, .data = unheld};

	unheld->dumped_count = 0;
	return netns_visit(unheld->procfs, &unheld->dirents, &scope, &visitor, unheld->deadline, unheld->error);
}

static uint64_t count_unknown(const struct snapshot *snapshot, size_t first)
{
	uint64_t count = 0;

	for (size_t i = first; i < snapshot->socket_count; i++)
		count += snapshot->sockets[i].owner == OWNER_UNKNOWN;
	return count;
}

int unheld_sockets_read(struct unheld_sockets *unheld, struct deadline *deadline, struct platform_error *error)
{
	struct held_sockets *held = unheld->held;
	enum unheld_kind kind = expected(unheld);
	int result;

	unheld->unknown_count = 0;
	closers_begin(&unheld->closers);
	if (kind == UNHELD_NONE)
		return 0;
	unheld->deadline = deadline;
	unheld->error = error;
	unheld->first_row = held->snapshot->socket_count;
	result = walk_tables(unheld, kind);
	if (result == -ENOTSUP) {
		result = restart_dump(unheld);
		if (result == 0)
			result = dump(unheld);
	}
	if (result == 0)
		result = socket_index_settle(&held->index, held->snapshot);
	if (result == 0)
		unheld->unknown_count = count_unknown(held->snapshot, held->index.entered);
	return result;
}
