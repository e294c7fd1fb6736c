/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: records of connections and networks. */
#include "exporter/http/limits/slots.h"

#include <errno.h>
#include <stdlib.h>

/* Counts a connection for its network. A free record exists, because there are as many networks as connections. */
static struct http_network *join(struct http_slots *slots, uint64_t id)
{
	struct http_network *network = slots->networks;

	while (network && network->id != id)
		network = network->next;
	if (!network) {
		network = slots->free_networks;
		slots->free_networks = network->next;
		*network = (struct http_network){.id = id, .next = slots->networks};
		slots->networks = network;
	}
	network->connections++;
	return network;
}

static void append(struct http_slots *slots, struct http_connection *connection)
{
	connection->next = NULL;
	connection->previous = slots->newest;
	*(slots->newest ? &slots->newest->next : &slots->oldest) = connection;
	slots->newest = connection;
}

static void take_out(struct http_slots *slots, struct http_connection *connection)
{
	*(connection->previous ? &connection->previous->next : &slots->oldest) = connection->next;
	*(connection->next ? &connection->next->previous : &slots->newest) = connection->previous;
}

int http_slots_init(struct http_slots *slots, size_t room)
{
	*slots = (struct http_slots){0};
	slots->connections = calloc(room, sizeof(*slots->connections));
	slots->all_networks = calloc(room, sizeof(*slots->all_networks));
	if (!slots->connections || !slots->all_networks)
		return -ENOMEM;
	for (size_t i = 0; i < room; i++) {
		slots->connections[i].next = slots->free;
		slots->free = &slots->connections[i];
		slots->all_networks[i].next = slots->free_networks;
		slots->free_networks = &slots->all_networks[i];
	}
	return 0;
}

void http_slots_release(struct http_slots *slots)
{
	free(slots->connections);
	free(slots->all_networks);
}

struct http_connection *http_slots_take(struct http_slots *slots, uint64_t network)
{
	struct http_connection *connection = slots->free;

	if (!connection)
		return NULL;
	slots->free = connection->next;
	*connection = (struct http_connection){.network = join(slots, network)};
	append(slots, connection);
	return connection;
}

struct http_connection *http_slots_victim(const struct http_slots *slots,
                                          bool (*may)(const struct http_connection *connection, uint64_t now_ns),
                                          uint64_t now_ns)
{
	struct http_connection *victim = NULL;

	for (struct http_connection *at = slots->oldest; at; at = at->next)
		if ((!may || may(at, now_ns)) && at->network &&
		    (!victim || at->network->connections > victim->network->connections))
			victim = at;
	return victim;
}

void http_slots_leave(struct http_slots *slots, struct http_connection *connection)
{
	struct http_network *network = connection->network, **at = &slots->networks;

	connection->network = NULL;
	if (--network->connections > 0)
		return;
	while (*at != network)
		at = &(*at)->next;
	*at = network->next;
	network->next = slots->free_networks;
	slots->free_networks = network;
}

void http_slots_renew(struct http_slots *slots, struct http_connection *connection)
{
	take_out(slots, connection);
	append(slots, connection);
}

void http_slots_put(struct http_slots *slots, struct http_connection *connection)
{
	take_out(slots, connection);
	connection->next = slots->free;
	slots->free = connection;
}
