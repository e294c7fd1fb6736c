/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the BPF iterator -> rows of the snapshot. */
#include "exporter/platform/linux/bpf/held_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/linux/netlink/socket_row.h"
#include "exporter/platform/linux/procfs/netns.h"

#define MS_PER_SECOND 1000u
#define NOT_MET       UINT32_MAX
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
	free(held->netns);
	free(held->waiting);
}

int held_sockets_know_netns(struct held_sockets *held)
{
	size_t known = held->netns_known, count = held->snapshot->netns_count;
	int result = array_reserve((void **)&held->netns, &held->netns_capacity, count, sizeof(*held->netns));

	if (result == 0 && known < count) {
		memset(&held->netns[known], 0, (count - known) * sizeof(*held->netns));
		held->netns_known = count;
	}
	return result;
}

int held_sockets_begin(struct held_sockets *held, struct snapshot *snapshot)
{
	int result = socket_index_reset(&held->index);

	held->snapshot = snapshot;
	held->waiting_count = 0;
	held->shared = 0;
	held->netns_known = 0;
	held->last_netns = 0;
	held->last_inode = (uint32_t)snapshot->netns[0].id;
	return result != 0 ? result : held_sockets_know_netns(held);
}

static int add_netns(struct held_sockets *held, const struct window_row *row, uint32_t *index)
{
	struct snapshot_netns netns = {
	        .id = row->netns,
	        .ephemeral_low = (uint16_t)row->ports,
	        .ephemeral_high = (uint16_t)(row->ports >> 16),
	};
	int result = snapshot_add_netns(held->snapshot, &netns, index);

	return result != 0 ? result : held_sockets_know_netns(held);
}

/* Unless they are all asked for, every row is of our own namespace, the first. */
static int netns_of(struct held_sockets *held, const struct window_row *row, uint32_t *index)
{
	int result = 0;

	if (row->netns != held->last_inode && held->options->all_netns) {
		held->last_inode = row->netns;
		held->last_netns = netns_find(held->snapshot, row->netns);
		if (held->last_netns == held->snapshot->netns_count)
			result = add_netns(held, row, &held->last_netns);
	}
	*index = held->last_netns;
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
		held->inits[*index] = task->init;
	return result;
}

/* A process's files come in one run, which may reach over windows; only those of its odd threads come later. */
static int find_process(struct held_sockets *held, const struct window_task *task, uint32_t *index)
{
	const struct snapshot_process *processes = held->snapshot->processes;
	size_t count = held->snapshot->process_count, first = task->thread || count == 0 ? 0 : count - 1;

	for (size_t i = count; i > first; i--) {
		if (processes[i - 1].pid == task->pid && processes[i - 1].start == task->start) {
			*index = (uint32_t)(i - 1);
			return 0;
		}
	}
	return add_process(held, task, index);
}

static int process_of(struct held_sockets *held, const struct window *window, const struct window_row *row,
                      uint32_t *index)
{
	int result = 0;

	if (row->task >= WINDOW_ROWS)
		return -EBADMSG;
	if (held->tasks[row->task] == NOT_MET)
		result = find_process(held, &window->tasks[row->task], &held->tasks[row->task]);
	*index = held->tasks[row->task];
	return result;
}

/* Whether process `a` owns a socket rather than process `b`. */
static bool comes_first(const struct held_sockets *held, uint32_t a, uint32_t b)
{
	const struct snapshot_process *left = &held->snapshot->processes[a], *right = &held->snapshot->processes[b];

	if (held->inits[a] != held->inits[b])
		return held->inits[b];
	return left->start != right->start ? left->start < right->start : left->pid < right->pid;
}

static void add_holder(struct held_sockets *held, uint64_t identity, uint32_t check, uint32_t number, uint32_t process)
{
	struct snapshot_socket *socket = &held->snapshot->sockets[number];

	if (socket->owner == process)
		return;
	if (socket_index_mark_shared(&held->index, identity, check))
		held->shared++;
	if (comes_first(held, process, socket->owner))
		socket->owner = process;
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

int held_sockets_fill(struct held_sockets *held, const struct window_row *row, uint32_t netns,
                      struct snapshot_socket *socket)
{
	int result;

	socket->state = (uint8_t)(row->state - TCP_ESTABLISHED);
	socket->local_port = row->local_port;
	socket->remote_port = ntohs(row->remote_port);
	socket_row_set_queues(socket, row->receive_queue, row->send_queue);
	fill_quiet(held, row, socket);
	result = snapshot_intern_device(held->snapshot, row->device, &socket->device);
	return result != 0 ? result : fill_addresses(held, row, netns, socket);
}

uint32_t held_sockets_check(const struct held_sockets *held, const struct window_row *row)
{
	if (row->state == TCP_LISTEN)
		return row->inode;
	return socket_index_check(&held->index, row->family, row->remote,
	                          (uint32_t)row->local_port << 16 | row->remote_port, row->device);
}

static int fill_listener(struct held_sockets *held, const struct window_row *row, uint32_t netns, uint32_t number)
{
	int result;

	if (row->flags & ROW_REQUESTS)
		held->netns[netns].requests = true;
	if (row->receive_queue == 0)
		return 0;
	result = array_reserve((void **)&held->waiting, &held->waiting_capacity, held->waiting_count + 1,
	                       sizeof(*held->waiting));
	if (result == 0)
		held->waiting[held->waiting_count++] = number;
	return result;
}

static int fill(struct held_sockets *held, const struct window_row *row, uint32_t netns, uint32_t owner)
{
	struct snapshot_socket *socket = snapshot_add_socket(held->snapshot);

	if (!socket)
		return -ENOMEM;
	socket->owner = owner;
	if (row->flags & ROW_V6_ONLY)
		socket->flags |= SOCKET_V6_ONLY;
	if (row->state != TCP_SYN_RECV)
		held->netns[netns].counted++;
	return held_sockets_fill(held, row, netns, socket);
}

static int add_row(struct held_sockets *held, const struct window *window, const struct window_row *row)
{
	uint32_t check = held_sockets_check(held, row), process, netns, number;
	int result;

	if (row->state < TCP_ESTABLISHED || row->state > TCP_CLOSING)
		return 0; /* a state that is not in the tables: it left them while the row was made */
	result = process_of(held, window, row, &process);
	if (result == 0)
		result = netns_of(held, row, &netns);
	if (result != 0)
		return result;
	result = socket_index_enter(&held->index, row->identity, check, &number);
	if (result == 1)
		add_holder(held, row->identity, check, number, process);
	else if (result == 0)
		result = fill(held, row, netns, process);
	if (result >= 0 && row->state == TCP_LISTEN)
		result = fill_listener(held, row, netns, number);
	return result < 0 ? result : 0;
}

int held_sockets_add(void *data, const struct window *window, uint32_t count)
{
	struct held_sockets *held = data;
	int result = snapshot_reserve_sockets(held->snapshot, count);

	memset(held->tasks, 0xff, sizeof(held->tasks));
	for (uint32_t i = 0; i < count && result == 0; i++) {
		if (i + ROWS_AHEAD < count)
			socket_index_expect(&held->index, window->rows[i + ROWS_AHEAD].identity);
		result = add_row(held, window, &window->rows[i]);
	}
	return result;
}
