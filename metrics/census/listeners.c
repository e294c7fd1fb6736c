/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens where: the index, and the crediting of sockets that no process holds. */
#include "metrics/census/listeners.h"
#include "metrics/hash.h"
#include "metrics/sort.h"

#include <errno.h>
#include <stdlib.h>

/* What a run is found by, besides the port. */
enum run_kind {
	RUN_ADDRESS,     /* a specific address; by its index */
	RUN_WILDCARD_V4, /* by the index of the namespace, as are those below */
	RUN_WILDCARD_V6,
	RUN_NETNS, /* any listener with this port in the namespace; has no items */
};

/* The listeners on one address and port: items[first..end). */
struct listener_run {
	uint64_t key;
	uint32_t first, end;
	uint32_t next; /* of the items before this one, none has connections waiting */
	uint32_t dual; /* the first item that takes IPv4 connections, or `end` */
};

void listeners_init(struct listeners *listeners)
{
	memset(listeners, 0, sizeof(*listeners));
}

void listeners_release(struct listeners *listeners)
{
	free(listeners->items);
	free(listeners->runs);
	free(listeners->run_index);
	free(listeners->order);
	listeners_init(listeners);
}

static uint64_t run_key(enum run_kind kind, uint32_t index, uint16_t port)
{
	return (uint64_t)kind << 48 | (uint64_t)port << 32 | index;
}

static enum run_kind wildcard_of(const struct snapshot_address *address)
{
	return address->family == 4 ? RUN_WILDCARD_V4 : RUN_WILDCARD_V6;
}

/* The slot of the run with that key, or the empty one where it belongs. */
static uint32_t *run_slot(const struct listeners *listeners, uint64_t key)
{
	size_t mask = listeners->run_index_capacity - 1;

	for (size_t slot = (size_t)hash_mix(0, key);; slot++) {
		uint32_t *entry = &listeners->run_index[slot & mask];

		if (!*entry || listeners->runs[*entry - 1].key == key)
			return entry;
	}
}

static struct listener_run *find_run(const struct listeners *listeners, enum run_kind kind, uint32_t index,
                                     uint16_t port)
{
	uint32_t entry;

	if (!listeners->run_count)
		return NULL;
	entry = *run_slot(listeners, run_key(kind, index, port));
	return entry ? &listeners->runs[entry - 1] : NULL;
}

static struct listener_run *find_or_add_run(struct listeners *listeners, uint64_t key)
{
	uint32_t *slot = run_slot(listeners, key);

	if (!*slot) {
		listeners->runs[listeners->run_count++] = (struct listener_run){.key = key};
		*slot = (uint32_t)listeners->run_count;
	}
	return &listeners->runs[*slot - 1];
}

/* Real processes from the oldest to the youngest, then owners that are not known. */
static int compare_age(const void *data, uint32_t a, uint32_t b)
{
	const struct snapshot *snapshot = data;
	uint32_t owner_a = snapshot->sockets[a].owner, owner_b = snapshot->sockets[b].owner;
	const struct snapshot_process *process_a, *process_b;

	if (owner_a == owner_b)
		return 0;
	if (owner_a >= OWNER_UNKNOWN || owner_b >= OWNER_UNKNOWN)
		return owner_a < owner_b ? -1 : 1;
	process_a = &snapshot->processes[owner_a];
	process_b = &snapshot->processes[owner_b];
	if (process_a->start != process_b->start)
		return process_a->start < process_b->start ? -1 : 1;
	return (process_a->pid > process_b->pid) - (process_a->pid < process_b->pid);
}

static int find_listeners(struct listeners *listeners, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];
		int ret;

		if (socket->state != STATE_LISTEN)
			continue;
		/* Twice the room: sorting needs the other half. */
		ret = array_reserve((void **)&listeners->order, &listeners->order_capacity, 2 * (listeners->count + 1),
		                    sizeof(*listeners->order));
		if (ret)
			return ret;
		listeners->order[listeners->count++] = (struct sort_item){
		        .key = (uint64_t)socket->local_port << 32 | socket->local,
		        .index = (uint32_t)i,
		};
		port_set_add(&listeners->ports, socket->local_port);
	}
	return 0;
}

static int make_room(struct listeners *listeners)
{
	/* A listener makes at most two runs: its address and its namespace. */
	size_t most_runs = 2 * listeners->count;
	int ret = array_reserve((void **)&listeners->items, &listeners->capacity, listeners->count,
	                        sizeof(*listeners->items));

	if (ret)
		return ret;
	ret = array_reserve((void **)&listeners->runs, &listeners->run_capacity, most_runs, sizeof(*listeners->runs));
	if (ret)
		return ret;
	return hash_clear(&listeners->run_index, &listeners->run_index_capacity, most_runs);
}

/* Adds item number `item`, which comes next in order, to the runs it belongs to. */
static void index_item(struct listeners *listeners, const struct snapshot *snapshot, uint32_t item)
{
	const struct snapshot_socket *socket = &snapshot->sockets[listeners->items[item].socket];
	const struct snapshot_address *address = &snapshot->addresses[socket->local];
	struct listener_run *run;
	uint64_t key;

	if (address_is_wildcard(address))
		key = run_key(wildcard_of(address), address->netns, socket->local_port);
	else
		key = run_key(RUN_ADDRESS, socket->local, socket->local_port);
	run = find_or_add_run(listeners, key);
	if (!run->end)
		run->first = run->next = run->dual = item;
	if (run->dual == item && socket->flags & SOCKET_V6_ONLY)
		run->dual++;
	run->end = item + 1;
	find_or_add_run(listeners, run_key(RUN_NETNS, address->netns, socket->local_port));
}

int listeners_build(struct listeners *listeners, const struct snapshot *snapshot)
{
	int ret;

	listeners->run_index_capacity = hash_trimmed(listeners->run_index_capacity, listeners->run_count);
	listeners->count = 0;
	listeners->run_count = 0;
	memset(&listeners->ports, 0, sizeof(listeners->ports));
	ret = find_listeners(listeners, snapshot);
	if (!ret)
		ret = make_room(listeners);
	if (ret) {
		listeners->count = 0;
		return ret;
	}
	sort_items(listeners->order, listeners->count, compare_age, snapshot);
	for (uint32_t i = 0; i < listeners->count; i++) {
		uint32_t row = listeners->order[i].index;
		const struct snapshot_socket *socket = &snapshot->sockets[row];

		listeners->items[i].socket = row;
		listeners->items[i].waiting = socket->flags & SOCKET_HAS_QUEUES ? socket->receive_queue : 0;
		index_item(listeners, snapshot, i);
	}
	return 0;
}

bool listeners_serve(const struct listeners *listeners, const struct snapshot *snapshot, uint32_t netns, uint16_t port)
{
	if (!port_set_has(&listeners->ports, port))
		return false;
	return snapshot->netns_count <= 1 || find_run(listeners, RUN_NETNS, netns, port);
}

/* The first item of the run, from `from` on, that still has connections waiting and, if `dual`, takes
 * IPv4 connections; `run->end` if there is none. */
static uint32_t first_waiting(const struct listeners *listeners, const struct snapshot *snapshot,
                              const struct listener_run *run, uint32_t from, bool dual)
{
	for (; from < run->end; from++) {
		const struct listener *item = &listeners->items[from];

		if (item->waiting && !(dual && snapshot->sockets[item->socket].flags & SOCKET_V6_ONLY))
			break;
	}
	return from;
}

/* Which listener of the run a row goes to. `dual`: an IPv4 row at an IPv6 wildcard. */
static const struct listener *pick(struct listeners *listeners, const struct snapshot *snapshot,
                                   struct listener_run *run, bool waits, bool dual)
{
	uint32_t oldest = dual ? run->dual : run->first;
	uint32_t item;

	if (!waits)
		return &listeners->items[oldest];
	run->next = first_waiting(listeners, snapshot, run, run->next, false);
	item = run->next > oldest ? run->next : oldest;
	if (dual)
		item = first_waiting(listeners, snapshot, run, item, true);
	if (item >= run->end || !listeners->items[item].waiting)
		return &listeners->items[oldest];
	listeners->items[item].waiting--;
	return &listeners->items[item];
}

/* The run of an IPv6 wildcard that takes IPv4 connections. NULL: there is none. */
static struct listener_run *find_dual(struct listeners *listeners, const struct snapshot_address *address,
                                      uint16_t port)
{
	struct listener_run *run = NULL;

	if (address->family == 4)
		run = find_run(listeners, RUN_WILDCARD_V6, address->netns, port);
	return run && run->dual != run->end ? run : NULL;
}

/* An IPv4-mapped row is of an IPv6 socket, and so is its listener. */
static const struct listener *listener_of(struct listeners *listeners, const struct snapshot *snapshot,
                                          const struct snapshot_socket *socket)
{
	const struct snapshot_address *address = &snapshot->addresses[socket->local];
	bool waits = socket->state == STATE_ESTABLISHED || socket->state == STATE_CLOSE_WAIT;
	struct listener_run *run = find_run(listeners, RUN_ADDRESS, socket->local, socket->local_port);
	struct listener_run *dual = NULL;

	if (!run && socket->flags & SOCKET_V4_MAPPED)
		dual = find_dual(listeners, address, socket->local_port);
	if (!run && !dual)
		run = find_run(listeners, wildcard_of(address), address->netns, socket->local_port);
	if (run)
		return pick(listeners, snapshot, run, waits, false);
	if (!dual)
		dual = find_dual(listeners, address, socket->local_port);
	return dual ? pick(listeners, snapshot, dual, waits, true) : NULL;
}

void listeners_credit(struct listeners *listeners, struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		struct snapshot_socket *socket = &snapshot->sockets[i];
		const struct listener *listener;
		uint32_t owner;

		if (socket->owner != OWNER_NONE || socket->state == STATE_LISTEN ||
		    !port_set_has(&listeners->ports, socket->local_port))
			continue;
		listener = listener_of(listeners, snapshot, socket);
		owner = listener ? snapshot->sockets[listener->socket].owner : OWNER_NONE;
		if (owner == OWNER_NONE)
			continue;
		socket->owner = owner;
		socket->flags |= SOCKET_CREDITED;
	}
}
