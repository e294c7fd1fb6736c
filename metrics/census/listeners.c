/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: the index, and the attribution of sockets that no process holds. */
#include "metrics/census/listeners.h"
#include "metrics/sort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The part of a run's key that is neither port nor device. */
enum run_kind {
	RUN_ADDRESS,     /* a specific address, by its index */
	RUN_WILDCARD_V4, /* a wildcard, by the index of the namespace */
	RUN_WILDCARD_V6,
};

struct run_key {
	uint64_t place; /* kind, port and index */
	uint16_t device;
};

/* The listeners on one address, port and device: items[first..end). */
struct listener_run {
	struct run_key key;
	uint32_t first, end;
	uint32_t next; /* no item before this one has connections that wait */
	uint32_t dual; /* the first item that accepts IPv4 connections, or `end` */
};

void listeners_init(struct listeners *listeners)
{
	memset(listeners, 0, sizeof(*listeners));
}

void listeners_release(struct listeners *listeners)
{
	free(listeners->items);
	free(listeners->runs);
	hash_index_release(&listeners->run_index);
	free(listeners->order);
	listeners_init(listeners);
}

static struct run_key run_key(enum run_kind kind, uint32_t index, uint16_t port, uint16_t device)
{
	return (struct run_key){(uint64_t)kind << 48 | (uint64_t)port << 32 | index, device};
}

static enum run_kind wildcard_of(const struct snapshot_address *address)
{
	return address->family == 4 ? RUN_WILDCARD_V4 : RUN_WILDCARD_V6;
}

static bool run_has_key(const void *data, uint32_t index, const void *key)
{
	const struct run_key *a = &((const struct listener_run *)data)[index].key, *b = key;

	return a->place == b->place && a->device == b->device;
}

static uint64_t hash_run(const struct run_key *key)
{
	return hash_mix(key->device, key->place);
}

static uint32_t run_number(const struct listeners *listeners, struct run_key key)
{
	return hash_find(&listeners->run_index, hash_run(&key), run_has_key, listeners->runs, &key);
}

static struct listener_run *find_run(const struct listeners *listeners, struct run_key key)
{
	uint32_t number = run_number(listeners, key);

	return number != HASH_NONE ? &listeners->runs[number] : NULL;
}

/* Returns the run of the key, or a new run that begins with item number `item`. Call after make_room(). */
static struct listener_run *find_or_add_run(struct listeners *listeners, struct run_key key, uint32_t item)
{
	uint32_t number = run_number(listeners, key);

	if (number == HASH_NONE) {
		number = (uint32_t)listeners->run_count++;
		listeners->runs[number] =
		        (struct listener_run){.key = key, .first = item, .end = item, .next = item, .dual = item};
		hash_enter(&listeners->run_index, hash_run(&key), number);
	}
	return &listeners->runs[number];
}

/* Orders owners: processes from the oldest to the youngest, then unknown owners. */
static int compare_age(const struct snapshot *snapshot, uint32_t owner_a, uint32_t owner_b)
{
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

/* Orders listeners by device, then by age of the owner. */
static int compare_listeners(const void *data, uint32_t a, uint32_t b)
{
	const struct snapshot *snapshot = data;
	const struct snapshot_socket *left = &snapshot->sockets[a], *right = &snapshot->sockets[b];

	if (left->device != right->device)
		return left->device < right->device ? -1 : 1;
	return compare_age(snapshot, left->owner, right->owner);
}

static int find_listeners(struct listeners *listeners, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];
		int ret;

		if (socket->state != STATE_LISTEN)
			continue;
		/* Sorting needs twice the room. */
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

/* Makes room for one run per listener. */
static int make_room(struct listeners *listeners)
{
	int ret = array_reserve((void **)&listeners->items, &listeners->capacity, listeners->count,
	                        sizeof(*listeners->items));

	if (!ret)
		ret = array_reserve((void **)&listeners->runs, &listeners->run_capacity, listeners->count,
		                    sizeof(*listeners->runs));
	return ret ? ret : hash_index_reserve(&listeners->run_index, listeners->count);
}

/* Adds item number `item`, the next one in order, to its run. */
static void index_item(struct listeners *listeners, const struct snapshot *snapshot, uint32_t item)
{
	const struct snapshot_socket *socket = &snapshot->sockets[listeners->items[item].socket];
	const struct snapshot_address *address = &snapshot->addresses[socket->local];
	bool wildcard = address_is_wildcard(address);
	struct run_key key = run_key(wildcard ? wildcard_of(address) : RUN_ADDRESS,
	                             wildcard ? address->netns : socket->local, socket->local_port, socket->device);
	struct listener_run *run = find_or_add_run(listeners, key, item);

	if (run->dual == item && socket->flags & SOCKET_V6_ONLY)
		run->dual++;
	run->end = item + 1;
}

int listeners_build(struct listeners *listeners, const struct snapshot *snapshot)
{
	int ret;

	hash_index_reset(&listeners->run_index);
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
	sort_items(listeners->order, listeners->count, compare_listeners, snapshot);
	for (uint32_t i = 0; i < listeners->count; i++) {
		uint32_t row = listeners->order[i].index;
		const struct snapshot_socket *socket = &snapshot->sockets[row];

		listeners->items[i].socket = row;
		listeners->items[i].waiting = socket->flags & SOCKET_HAS_QUEUES ? socket->receive_queue : 0;
		index_item(listeners, snapshot, i);
	}
	return 0;
}

/* Returns the first item of the run, from `from` on, that still has connections waiting and, if `dual`, accepts IPv4
 * connections. Returns `run->end` if there is no such item. */
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

/* Returns the listener of the run that a row is credited to. `dual`: an IPv4 row at an IPv6 wildcard. */
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

/* Returns the run at one place that matches a socket: the run of its device, else the run without a device, else NULL.
 * `dual`: only a run that accepts IPv4 connections. */
static struct listener_run *find_place(const struct listeners *listeners, const struct snapshot_socket *socket,
                                       enum run_kind kind, uint32_t index, bool dual)
{
	for (uint16_t device = socket->device;; device = DEVICE_NONE) {
		struct listener_run *run = find_run(listeners, run_key(kind, index, socket->local_port, device));

		if (run && !(dual && run->dual == run->end))
			return run;
		if (device == DEVICE_NONE)
			return NULL;
	}
}

/* Returns the row's listener, or NULL. The listener of an IPv4-mapped row is an IPv6 socket. */
static const struct listener *listener_of(struct listeners *listeners, const struct snapshot *snapshot,
                                          const struct snapshot_socket *socket)
{
	const struct snapshot_address *address = &snapshot->addresses[socket->local];
	bool waits = socket->state == STATE_ESTABLISHED || socket->state == STATE_CLOSE_WAIT;
	bool dual_first = address->family == 4 && socket->flags & SOCKET_V4_MAPPED;
	struct listener_run *run = find_place(listeners, socket, RUN_ADDRESS, socket->local, false);
	struct listener_run *dual = NULL;

	if (!run && dual_first)
		dual = find_place(listeners, socket, RUN_WILDCARD_V6, address->netns, true);
	if (!run && !dual)
		run = find_place(listeners, socket, wildcard_of(address), address->netns, false);
	if (run)
		return pick(listeners, snapshot, run, waits, false);
	if (!dual && address->family == 4)
		dual = find_place(listeners, socket, RUN_WILDCARD_V6, address->netns, true);
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
