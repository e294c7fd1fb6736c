/* SPDX-License-Identifier: Apache-2.0 */
/* Held sockets: fills rows and decides who owns a socket that several processes hold. */
#include "exporter/platform/linux/bpf/held_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/linux/netlink/socket_row.h"
#include "exporter/platform/linux/procfs/netns.h"
#include "exporter/platform/linux/procfs/process_list.h"

#define MS_PER_SECOND 1000u
#define NOT_KNOWN     UINT32_MAX
/* 2^64 divided by the golden ratio: every bit of a factor changes the upper half of the product. */
#define GOLDEN_RATIO UINT64_C(0x9e3779b97f4a7c15)
/* The index of a large host is in no cache: its slots are asked for this many rows before they are needed. */
#define ROWS_AHEAD 16

void held_sockets_init(struct held_sockets *held, const struct platform_options *options)
{
	*held = (struct held_sockets){.options = options};
	socket_index_init(&held->index);
}

void held_sockets_release(struct held_sockets *held)
{
	socket_index_release(&held->index);
	free(held->inits);
	free(held->tables);
	free(held->claims);
}

int held_sockets_begin(struct held_sockets *held, struct snapshot *snapshot)
{
	held->snapshot = snapshot;
	held->table_count = held->claim_count = 0;
	held->shared = held->own = held->listeners = 0;
	held->requests = held->early = false;
	held->last_netns = 0;
	held->last_inode = (uint32_t)snapshot->netns[0].id;
	return socket_index_reset(&held->index);
}

static int add_netns(struct held_sockets *held, const struct window_row *row, uint32_t *index)
{
	struct snapshot_netns netns = {
	        .id = row->netns,
	        .ephemeral_low = (uint16_t)row->ports,
	        .ephemeral_high = (uint16_t)(row->ports >> 16),
	};

	return snapshot_add_netns(held->snapshot, &netns, index);
}

/* Unless all namespaces are asked for, every row is of our own, the first. */
int held_sockets_netns(struct held_sockets *held, const struct window_row *row, uint32_t *netns)
{
	int result = 0;

	if (row->netns != held->last_inode && held->options->all_netns) {
		held->last_inode = row->netns;
		held->last_netns = netns_find(held->snapshot, row->netns);
		if (held->last_netns == held->snapshot->netns_count)
			result = add_netns(held, row, &held->last_netns);
	}
	*netns = held->last_netns;
	return result;
}

static int add_process(struct held_sockets *held, const struct window_task *task, uint32_t *index)
{
	int result = snapshot_add_process(held->snapshot, task->pid, task->start, index);

	if (result == 0)
		result = snapshot_set_text(held->snapshot, *index, PROCESS_NAME, task->comm,
		                           strnlen(task->comm, sizeof(task->comm)));
	if (result == 0)
		result = array_reserve((void **)&held->inits, &held->init_capacity, *index + 1, sizeof(*held->inits));
	if (result == 0)
		held->inits[*index] = task->init && process_is_init(task->nested, task->comm,
		                                                    strnlen(task->comm, sizeof(task->comm)));
	return result;
}

/* A process's files come in one run, which may reach over windows. A thread with a table of its own comes in the order
 * of thread ids: before the process's run if its id has wrapped, else after it. */
static int find_process(struct held_sockets *held, const struct window_task *task, uint32_t *index)
{
	const struct snapshot_process *processes = held->snapshot->processes;
	size_t count = held->snapshot->process_count, first = task->thread || held->early || count == 0 ? 0 : count - 1;

	for (size_t i = count; i > first; i--) {
		if (processes[i - 1].pid == task->pid && processes[i - 1].start == task->start) {
			*index = (uint32_t)(i - 1);
			return 0;
		}
	}
	held->early |= task->thread;
	return add_process(held, task, index);
}

static int process_of(struct held_sockets *held, const struct window *window, uint32_t task, uint32_t *index)
{
	int result = 0;

	if (task >= WINDOW_ROWS)
		return -EBADMSG;
	if (held->tasks[task] == NOT_KNOWN)
		result = find_process(held, &window->tasks[task], &held->tasks[task]);
	*index = held->tasks[task];
	return result;
}

/* Returns true if process `a` owns a socket rather than process `b`. */
static bool comes_first(const struct held_sockets *held, uint32_t a, uint32_t b)
{
	const struct snapshot_process *left = &held->snapshot->processes[a], *right = &held->snapshot->processes[b];

	if (held->inits[a] != held->inits[b])
		return held->inits[b];
	return left->start != right->start ? left->start < right->start : left->pid < right->pid;
}

static void add_holder(struct held_sockets *held, uint32_t row, uint32_t process)
{
	struct snapshot_socket *socket = &held->snapshot->sockets[row];

	if (socket->owner == process)
		return;
	if (socket_index_mark_shared(&held->index, row))
		held->shared++;
	if (comes_first(held, process, socket->owner))
		socket->owner = process;
}

static struct shared_table *find_table(const struct held_sockets *held, uint64_t files)
{
	for (size_t i = held->table_count; i > 0; i--)
		if (held->tables[i - 1].files == files)
			return &held->tables[i - 1];
	return NULL;
}

/* Notes that a row's socket is in a table that several processes share. The rows of a table come in one run. */
static int claim(struct held_sockets *held, uint64_t files, uint32_t row)
{
	struct shared_table *last = held->table_count > 0 ? &held->tables[held->table_count - 1] : NULL;
	int result = array_reserve((void **)&held->claims, &held->claim_capacity, held->claim_count + 1,
	                           sizeof(*held->claims));

	if (result == 0 && (!last || last->files != files)) {
		result = array_reserve((void **)&held->tables, &held->table_capacity, held->table_count + 1,
		                       sizeof(*held->tables));
		if (result == 0) {
			last = &held->tables[held->table_count++];
			*last = (struct shared_table){.files = files, .first = held->claim_count};
		}
	}
	if (result != 0)
		return result;
	held->claims[held->claim_count++] = row;
	last->count++;
	return 0;
}

/* Makes the process a holder of all sockets of a table that another process was walked with. */
static int add_sharer(struct held_sockets *held, const struct window_task *task)
{
	const struct shared_table *table = find_table(held, task->files);
	uint32_t process;
	int result;

	if (!table)
		return 0; /* it has no sockets */
	result = find_process(held, task, &process);
	for (size_t i = 0; result == 0 && i < table->count; i++)
		add_holder(held, held->claims[table->first + i], process);
	return result;
}

static int fill_addresses(struct held_sockets *held, const struct window_row *row, uint32_t netns,
                          struct snapshot_socket *socket)
{
	struct snapshot *snapshot = held->snapshot;
	int result = snapshot_intern_address(snapshot, netns, row->family, row->local, &socket->local);

	if (result == 0 && (held->options->want & WANT_REMOTE_ADDRESSES))
		result = snapshot_intern_address(snapshot, netns, row->family, row->remote, &socket->remote);
	if (result == 0 && row->family == 6 && snapshot->addresses[socket->local].family == 4)
		socket->flags |= SOCKET_V4_MAPPED;
	return result;
}

static void fill_quiet(struct held_sockets *held, const struct window_row *row, struct snapshot_socket *socket)
{
	uint64_t ms;

	if (socket->state != STATE_CLOSE_WAIT || held->hz == 0 || !(held->options->want & WANT_CLOSE_WAIT_AGE))
		return;
	ms = (uint64_t)row->quiet * MS_PER_SECOND / held->hz;
	socket_row_set_quiet(socket, ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX);
}

static void fill_flags(const struct window_row *row, struct snapshot_socket *socket)
{
	if (row->flags & ROW_V6_ONLY)
		socket->flags |= SOCKET_V6_ONLY;
	if (row->flags & ROW_RETRANSMITTING)
		socket->flags |= SOCKET_RETRANSMITTING;
	if (row->flags & ROW_ZERO_WINDOW)
		socket->flags |= SOCKET_ZERO_WINDOW;
}

/* The kernel's own listeners have no inode here. */
static uint64_t listener_identity(const struct window_row *row)
{
	return row->inode != 0 ? row->inode : row->identity;
}

int held_sockets_fill(struct held_sockets *held, const struct window_row *row, uint32_t netns,
                      struct snapshot_socket *socket)
{
	int result;

	socket->state = (uint8_t)(row->state - TCP_ESTABLISHED);
	socket->local_port = row->local_port;
	socket->remote_port = ntohs(row->remote_port);
	fill_flags(row, socket);
	socket_row_set_queues(socket, row->receive_queue, row->send_queue);
	fill_quiet(held, row, socket);
	result = snapshot_intern_device(held->snapshot, row->device, &socket->device);
	if (result == 0 && row->state == TCP_LISTEN)
		result = snapshot_set_drops(held->snapshot, socket, listener_identity(row), row->drops);
	return result != 0 ? result : fill_addresses(held, row, netns, socket);
}

uint32_t held_sockets_check(const struct held_sockets *held, const struct window_row *row)
{
	if (row->state == TCP_LISTEN) /* the kernel's own have no inode here */
		return row->inode != 0 ? row->inode : (uint32_t)(row->identity >> 6);
	return socket_index_check(&held->index, row->family, row->remote,
	                          (uint32_t)row->local_port << 16 | row->remote_port, row->device);
}

/* Returns a listener's term in the fingerprint, which is a sum: the order of listeners does not matter. */
static uint64_t fingerprint_of(const struct window_row *listener)
{
	uint64_t value = (listener->identity ^ (uint64_t)listener->inode << 32) * GOLDEN_RATIO;

	return (value ^ value >> 32) * GOLDEN_RATIO;
}

/* Counts a row of the first namespace, for the comparison with sockstat and the decision to walk over the tables. */
static void note_own(struct held_sockets *held, const struct window_row *row)
{
	if (row->state != TCP_SYN_RECV)
		held->own++;
	if (row->state == TCP_LISTEN)
		held->listeners += fingerprint_of(row);
	if (row->flags & ROW_REQUESTS)
		held->requests = true;
}

static int add_socket(struct held_sockets *held, const struct window_row *row, uint32_t owner)
{
	struct snapshot_socket *socket;
	uint32_t netns;
	int result = held_sockets_netns(held, row, &netns);

	if (result != 0)
		return result;
	socket = snapshot_add_socket(held->snapshot);
	if (!socket)
		return -ENOMEM;
	socket->owner = owner;
	if (netns == 0)
		note_own(held, row);
	return held_sockets_fill(held, row, netns, socket);
}

static int add_row(struct held_sockets *held, const struct window *window, const struct window_row *row)
{
	uint32_t process, number;
	int result;

	if (row->state < TCP_ESTABLISHED || row->state > TCP_CLOSING)
		return 0; /* a state that is not in the tables: it left them while the row was made */
	result = process_of(held, window, row->task, &process);
	if (result != 0)
		return result;
	result = socket_index_enter(&held->index, row->identity, held_sockets_check(held, row), &number);
	if (result == 1)
		add_holder(held, number, process);
	else if (result == 0)
		result = add_socket(held, row, process);
	if (result >= 0 && window->tasks[row->task].files != 0)
		result = claim(held, window->tasks[row->task].files, number);
	return result < 0 ? result : 0;
}

int held_sockets_add(void *data, const struct window *window)
{
	struct held_sockets *held = data;
	int result = snapshot_reserve_sockets(held->snapshot, window->row_count);

	memset(held->tasks, 0xff, sizeof(held->tasks));
	for (uint32_t i = 0; i < window->row_count && result == 0; i++) {
		if (i + ROWS_AHEAD < window->row_count)
			socket_index_prefetch(&held->index, window->rows[i + ROWS_AHEAD].identity);
		result = add_row(held, window, &window->rows[i]);
	}
	for (uint32_t i = 0; i < window->task_count && result == 0; i++)
		if (window->tasks[i].again)
			result = add_sharer(held, &window->tasks[i]);
	return result;
}
