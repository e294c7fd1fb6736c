/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acceptor: accepts connections, decrypts TLS where the web configuration asks for it, checks the heads of requests,
 * and relays the bytes to the HTTP server. One thread serves all connections. Each has a relay (relay.h).
 *
 * The acceptor exists for two reasons. First, it applies the active TLS configuration to each new connection, and a
 * client that stalls in its handshake delays no other. libmicrohttpd reads certificates only at its start.
 * Second, libmicrohttpd, 1.0 too, accepts request heads that a server must refuse by RFC 9112, hides the fault from
 * its callbacks, and does not answer a client that has closed its sending side. So plain connections pass through
 * the acceptor too. The copy costs 20 us per request, and 20 us per 100 kB of an answer.
 *
 * Limits: a client is idle during its handshake, and while it only reads its last bytes. There are at most IDLE_MAX
 * idle clients (acceptor.c). A further idle client replaces another by the rule of slots.h. The server limits the
 * clients that are not idle (connections.h).
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_ACCEPTOR_H
#define EXPORTER_HTTP_ACCEPTOR_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "exporter/platform/inet.h"
#include "exporter/web/web.h"

struct http_acceptor;

struct http_acceptor_options {
	struct web *web;    /* NULL: no TLS */
	const int *sockets; /* listening and non-blocking; must stay open until http_acceptor_stop(); the array is
	                       copied */
	size_t count;
	size_t limit; /* number of clients that are not idle at which the acceptor accepts no more */
	/* Takes over a connection and receives the client's address. Called on the acceptor's thread. */
	void (*serve)(void *data, int socket, const struct sockaddr *address, socklen_t length);
	/* Notes that a TLS handshake failed. */
	void (*failed)(void *data, const struct sockaddr *address, enum tls_error error);
	void *data;
};

/* Starts the acceptor's thread. Returns 0 or -errno. */
int http_acceptor_start(struct http_acceptor **acceptor, const struct http_acceptor_options *options) MUST_CHECK;
/* Returns false if the acceptor's thread hangs. May take some seconds. */
bool http_acceptor_alive(struct http_acceptor *acceptor);
/* Accepts the clients that already wait, then stops accepting. Waits until every received request is answered, or until
 * `deadline_ns`. serve() is not called after the return. Call before http_acceptor_stop(). */
void http_acceptor_quiesce(struct http_acceptor *acceptor, uint64_t deadline_ns);
/* Frees the acceptor. Call after the server has closed its ends. Waits up to `ms` milliseconds for clients to read
 * their last bytes. NULL is allowed. */
void http_acceptor_stop(struct http_acceptor *acceptor, unsigned ms);

#endif
