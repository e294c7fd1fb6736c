/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the acceptor: a list of relays, and the rule by which they make room. A client is idle until it is let
 * in, and again while it only reads its last bytes. Only the acceptor's thread uses them.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_CLIENTS_H
#define EXPORTER_HTTP_ACCEPTOR_CLIENTS_H

#include <sys/socket.h>

#include "exporter/http/acceptor/relay.h"
#include "exporter/http/limits/slots.h"
#include "exporter/web/web.h"

struct client {
	struct client *next;
	struct clients *owner;
	struct sockaddr_storage address;
	socklen_t length;
	struct relay *relay;
	bool encrypted;
	struct http_connection *idle; /* its place among the idle clients; NULL while it is let in */
	size_t slot, count;           /* the place of its descriptors in the polled array; count 0: it is newer */
};

/* The caller fills the fields up to `data` before clients_init(). */
struct clients {
	struct web *web; /* NULL: no TLS */
	size_t idle_max; /* limit of idle clients; one more replaces another */
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

/* Returns 0 or -errno; call clients_release() in either case. */
int clients_init(struct clients *clients) MUST_CHECK;
/* Ends all clients. */
void clients_release(struct clients *clients);

/* Takes over an accepted socket; closes it if memory is short. */
void clients_add(struct clients *clients, int socket, const struct sockaddr_storage *address, socklen_t length);
/* Ends the oldest client. */
void clients_remove_first(struct clients *clients);
/* Ends an idle client if there are `too_many` of them or more. */
bool clients_make_room(struct clients *clients, size_t too_many);
/* Returns true if a client waits for an answer, or for its turn. */
bool clients_are_busy(const struct clients *clients);
/* Calls relay_step() for each polled client. */
void clients_step(struct clients *clients, const struct pollfd *fds, uint64_t now_ns);

#endif
