/* SPDX-License-Identifier: Apache-2.0 */
/* Served ports: each update marks the ports that are in use, and removes the others. */
#include "metrics/census/served_ports.h"

#include <stdlib.h>

/* Ports whose listener has closed while connections last. No host has so many such servers. Beyond these a role follows
 * from the ports of its connection alone. */
enum { REMEMBERED_MAX = 4096 };

enum use {
	USE_NONE,
	USE_CONNECTED, /* no listener, but connections */
	USE_LISTENER,
};

struct served_port {
	uint64_t netns; /* its id, since an index belongs to one snapshot */
	uint16_t port;
	uint8_t use; /* enum use, in the snapshot of the last update */
};

void served_ports_init(struct served_ports *served)
{
	*served = (struct served_ports){0};
}

void served_ports_release(struct served_ports *served)
{
	free(served->items);
	hash_index_release(&served->index);
	served_ports_init(served);
}

static bool port_equal(const void *data, uint32_t index, const void *key)
{
	const struct served_port *a = (const struct served_port *)data + index, *b = key;

	return a->netns == b->netns && a->port == b->port;
}

static uint64_t hash_port(uint64_t netns, uint16_t port)
{
	return hash_mix(hash_mix(0, netns), port);
}

static struct served_port *find(const struct served_ports *served, uint64_t netns, uint16_t port)
{
	const struct served_port key = {.netns = netns, .port = port};
	uint32_t index = hash_find(&served->index, hash_port(netns, port), port_equal, served->items, &key);

	return index != HASH_NONE ? &served->items[index] : NULL;
}

static int add_listener(struct served_ports *served, uint64_t netns, uint16_t port)
{
	size_t count = served->count;
	int ret = array_reserve((void **)&served->items, &served->capacity, count + 1, sizeof(*served->items));

	if (!ret)
		ret = hash_index_reserve(&served->index, count + 1);
	if (ret)
		return ret;
	served->items[count] = (struct served_port){netns, port, USE_LISTENER};
	hash_enter(&served->index, hash_port(netns, port), (uint32_t)count);
	served->count++;
	return 0;
}

static uint64_t netns_of(const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	return snapshot->netns[snapshot->addresses[socket->local].netns].id;
}

static int mark_listeners(struct served_ports *served, const struct snapshot *snapshot,
                          const struct listeners *listeners)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < listeners->count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[listeners->items[i].socket];
		uint64_t netns = netns_of(snapshot, socket);
		struct served_port *found = find(served, netns, socket->local_port);

		if (found)
			found->use = USE_LISTENER;
		else
			ret = add_listener(served, netns, socket->local_port);
	}
	return ret;
}

/* Marks remembered ports that have connections. Most hosts have no such port, and then the rows are not read. */
static void mark_connected(struct served_ports *served, const struct snapshot *snapshot)
{
	struct port_set unmarked = {0};
	bool any = false;

	for (size_t i = 0; i < served->count; i++) {
		if (served->items[i].use == USE_LISTENER)
			continue;
		port_set_add(&unmarked, served->items[i].port);
		any = true;
	}
	for (size_t i = 0; any && i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];
		struct served_port *found = NULL;

		if (port_set_has(&unmarked, socket->local_port))
			found = find(served, netns_of(snapshot, socket), socket->local_port);
		if (found && found->use == USE_NONE)
			found->use = USE_CONNECTED;
	}
}

static void remove_unused(struct served_ports *served)
{
	size_t kept = 0, remembered = 0;

	hash_index_reset(&served->index);
	memset(&served->ports, 0, sizeof(served->ports));
	for (size_t i = 0; i < served->count; i++) {
		struct served_port port = served->items[i];

		if (port.use == USE_NONE || (port.use == USE_CONNECTED && remembered++ >= REMEMBERED_MAX))
			continue;
		served->items[kept] = port;
		hash_enter(&served->index, hash_port(port.netns, port.port), (uint32_t)kept++);
		port_set_add(&served->ports, port.port);
	}
	served->count = kept;
}

int served_ports_update(struct served_ports *served, const struct snapshot *snapshot, const struct listeners *listeners)
{
	int ret;

	for (size_t i = 0; i < served->count; i++)
		served->items[i].use = USE_NONE;
	ret = mark_listeners(served, snapshot, listeners);
	if (ret)
		return ret;
	mark_connected(served, snapshot);
	remove_unused(served);
	return 0;
}

bool served_ports_have(const struct served_ports *served, const struct snapshot *snapshot, uint32_t netns,
                       uint16_t port)
{
	if (!port_set_has(&served->ports, port))
		return false;
	return snapshot->netns_count == 1 || find(served, snapshot->netns[netns].id, port);
}
