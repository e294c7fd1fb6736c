/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the acceptor: a list of relays, and the limit on idle clients. A client is idle during its handshake, and
 * while it only reads its last bytes. Only the acceptor's thread uses the list.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_CLIENTS_H
#define EXPORTER_HTTP_ACCEPTOR_CLIENTS_H

#include "exporter/http/acceptor/relay.h"
#include "exporter/http/limits/slots.h"
#include "exporter/platform/inet.h"
#include "exporter/web/web.h"

struct client {
	struct client *next;
	struct clients *owner;
	struct sockaddr_storage address;
	socklen_t length;
	struct relay *relay;
	bool encrypted;
	struct http_connection *idle; /* its slot; NULL while it is not idle */
	size_t slot, count;           /* index and number of its entries in the polled array; 0 for a new client */
};

/* The caller fills the fields up to `data` before clients_init(). */
struct clients {
	struct web *web; /* NULL: no TLS */
	size_t idle_max; /* limit on idle clients */
	/* Takes over the local socket of a client whose handshake is done. */
	void (*serve)(void *data, int socket, const struct sockaddr *address, socklen_t length);
	/* Notes that a TLS handshake failed. */
	void (*failed)(void *data, const struct sockaddr *address, enum tls_error error);
	void *data;

	struct client *first, **last; /* in the order of arrival */
	size_t count;
	struct http_slots slots; /* of the idle clients */
	size_t idle_count;
};

/* Allocates the slots. Returns 0 or -errno. Call clients_release() in either case. */
int clients_init(struct clients *clients) MUST_CHECK;
/* Ends all clients. */
void clients_release(struct clients *clients);

/* Adds a client with its accepted socket. Owns the socket, and closes it if memory is short. */
void clients_add(struct clients *clients, int socket, const struct sockaddr_storage *address, socklen_t length);
/* Ends the oldest client. */
void clients_remove_first(struct clients *clients);
/* Ends an idle client if there are `too_many` or more. Returns true if it ended one. */
bool clients_make_room(struct clients *clients, size_t too_many);
/* Returns true if a client waits for an answer, or has bytes that its relay has not moved yet. */
bool clients_are_busy(const struct clients *clients);
/* Calls relay_step() for each polled client. */
void clients_step(struct clients *clients, const struct pollfd *fds, uint64_t now_ns);

#endif
