/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of the acceptor: a list in the order of arrival, and slots of the idle clients, which know their networks. */
#include "exporter/http/acceptor/clients.h"

#include <errno.h>
#include <stdlib.h>

#include "exporter/http/acceptor/plain.h"
#include "exporter/platform/connection.h"
#include "exporter/platform/host.h"

/* ---- Callbacks of relays ---- */

/* Hands the local socket to the server, with the client's address. */
static void on_take(void *data, int socket)
{
	const struct client *client = data;

	client->owner->serve(client->owner->data, socket, (const struct sockaddr *)&client->address, client->length);
}

static void on_failed(void *data, enum tls_error error)
{
	const struct client *client = data;

	client->owner->failed(client->owner->data, (const struct sockaddr *)&client->address, error);
}

static bool on_needs_tls(void *data)
{
	const struct client *client = data;
	struct web *web = client->owner->web;

	return !client->encrypted && web && web_needs_tls(web);
}

/* ---- Idle clients ---- */

static void leave_idle(struct client *client)
{
	struct clients *clients = client->owner;

	if (!client->idle)
		return;
	http_slots_leave(&clients->slots, client->idle);
	http_slots_put(&clients->slots, client->idle);
	client->idle = NULL;
	clients->idle_count--;
}

static void remove_next(struct clients *clients, struct client **link)
{
	struct client *client = *link;

	*link = client->next;
	if (clients->last == &client->next)
		clients->last = link;
	clients->count--;
	leave_idle(client);
	relay_free(client->relay);
	free(client);
}

/* Adds an idle client to the slots, or removes one that is not idle any more. Can end another client, but not this
 * one. */
static void settle(struct client *client)
{
	struct clients *clients = client->owner;

	if (relay_is_open(client->relay)) {
		leave_idle(client);
	} else if (!client->idle) {
		(void)clients_make_room(clients, clients->idle_max);
		client->idle =
		        http_slots_take(&clients->slots, host_connection_network((const void *)&client->address));
		client->idle->owner = client;
		clients->idle_count++;
	}
}

/* ---- Public ---- */

int clients_init(struct clients *clients)
{
	clients->last = &clients->first;
	return http_slots_init(&clients->slots, clients->idle_max);
}

void clients_release(struct clients *clients)
{
	while (clients->first)
		clients_remove_first(clients);
	http_slots_release(&clients->slots);
}

/* Makes the relay of a client. Owns the socket, even on failure. Returns NULL on failure. */
static struct relay *relay_for(struct client *client, int socket)
{
	const struct relay_hooks hooks = {on_take, on_failed, on_needs_tls, client};
	struct web *web = client->owner->web;
	struct transport transport = {NULL, NULL};
	struct relay *relay;

	if (web && web_accept(web, socket, &transport) != 0) {
		host_close_socket(socket);
		return NULL;
	}
	client->encrypted = transport.ops != NULL;
	if (!client->encrypted)
		transport = transport_plain(socket);
	return relay_new(&relay, socket, transport, &hooks, platform_now_ns()) == 0 ? relay : NULL;
}

void clients_add(struct clients *clients, int socket, const struct sockaddr_storage *address, socklen_t length)
{
	struct client *client = calloc(1, sizeof(*client)), **link = clients->last;

	if (!client) {
		host_close_socket(socket);
		return;
	}
	*client = (struct client){.owner = clients, .address = *address, .length = length};
	client->relay = relay_for(client, socket);
	if (!client->relay) {
		free(client);
		return;
	}
	*link = client;
	clients->last = &client->next;
	clients->count++;
	if (relay_begin(client->relay, platform_now_ns()))
		settle(client);
	else
		remove_next(clients, link);
}

void clients_remove_first(struct clients *clients)
{
	remove_next(clients, &clients->first);
}

bool clients_make_room(struct clients *clients, size_t too_many)
{
	const struct http_connection *victim = http_slots_victim(&clients->slots, NULL, 0);
	struct client **link = &clients->first;

	if (!victim || clients->idle_count < too_many)
		return false;
	while (*link != victim->owner)
		link = &(*link)->next;
	if (relay_is_new((*link)->relay))
		on_failed(*link, TLS_ERROR_DROPPED);
	remove_next(clients, link);
	return true;
}

bool clients_are_busy(const struct clients *clients)
{
	for (const struct client *client = clients->first; client; client = client->next)
		if (relay_is_unanswered(client->relay) || relay_is_eager(client->relay))
			return true;
	return false;
}

void clients_step(struct clients *clients, const struct pollfd *fds, uint64_t now_ns)
{
	struct client **link = &clients->first;

	while (*link) {
		struct client *client = *link;

		if (client->count == 0 || relay_step(client->relay, fds + client->slot, client->count, now_ns))
			link = &client->next;
		else
			remove_next(clients, link);
	}
	for (struct client *client = clients->first; client; client = client->next)
		settle(client);
}
