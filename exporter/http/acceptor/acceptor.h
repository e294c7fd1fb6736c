/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acceptor: accepts connections, terminates TLS if the web configuration has it, checks the heads of requests, and
 * relays the bytes to the HTTP server. One thread serves all connections; each connection has a relay (relay.h).
 *
 * It exists for two reasons. First, the acceptor chooses TLS per connection, and a client that stalls in its handshake
 * blocks no other client. libmicrohttpd chooses TLS once at its start and does not reload certificates. Second,
 * libmicrohttpd accepts request heads that RFC 9112 requires a server to refuse, and hides their faults from its
 * callbacks. It also does not answer a client that has closed its sending side. Therefore plain connections pass
 * through the acceptor too. The copy costs 20 us per request, and 20 us more per 100 kB of an answer.
 *
 * Limits: a client is idle until its handshake is done, and again while it only has to read its last bytes. At most
 * IDLE_MAX clients are idle (acceptor.c); one more replaces another, chosen by http_slots_victim() (slots.h). The
 * server limits the other clients (connections.h).
 *
 * Systems without poll(2) and socket pairs have no acceptor (none.c). There the HTTP server accepts by itself.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_ACCEPTOR_H
#define EXPORTER_HTTP_ACCEPTOR_ACCEPTOR_H

#include <microhttpd.h> /* for struct sockaddr, on every system */
#include <stdbool.h>
#include <stddef.h>

#include "exporter/web/web.h"

/* Is true if this build has an acceptor. */
extern const bool http_acceptor_exists;

struct http_front;

struct http_front_options {
	struct web *web;    /* NULL: no TLS */
	const int *sockets; /* listening, non-blocking; must stay open until http_front_stop(). The array is copied */
	size_t count;
	size_t limit; /* connections that are not idle; at the limit nothing is accepted */
	/* Takes over a connection of the client at `address`. Runs on the acceptor's thread. */
	void (*serve)(void *data, int socket, const struct sockaddr *address, socklen_t length);
	/* Called after a failed TLS handshake. */
	void (*failed)(void *data, const struct sockaddr *address, enum tls_error error);
	void *data;
};

/* Starts the acceptor. Returns 0 or -errno. */
int http_front_start(struct http_front **acceptor, const struct http_front_options *options) MUST_CHECK;
/* Returns false if its thread hangs. Can last some seconds. */
bool http_front_alive(struct http_front *acceptor);
/* Stops accepting. After its return serve() is not called. Call before http_front_stop(). */
void http_front_quiesce(struct http_front *acceptor);
/* Waits up to `ms` until the clients have read the last bytes, then frees the acceptor. Call after the server has
 * closed its ends. NULL is fine. */
void http_front_stop(struct http_front *acceptor, unsigned ms);

#endif
