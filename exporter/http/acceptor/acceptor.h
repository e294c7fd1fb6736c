/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front: accepts connections, takes TLS off them where the web configuration asks for it, checks the heads of requests,
 * and relays the bytes to the HTTP server. One thread for all connections; each has a relay (relay.h).
 *
 * It exists for two reasons. TLS is decided for each connection when it comes, and a client that stalls in its
 * handshake keeps nobody waiting; libmicrohttpd decides at its start, and does not fetch certificates again. And
 * libmicrohttpd, 1.0 too, accepts request heads that RFC 9112 tells a server to refuse, shows its callbacks no longer
 * what was wrong with them, and does not answer a client that has closed its sending side; so plain connections pass
 * through here too. The copy costs 20 us a request, and 20 us more for each
 * 100 kB of an answer.
 *
 * Limits: clients that are not let in yet, or only have to read their last bytes, are idle. There are at most IDLE_MAX
 * of them (acceptor.c); one more takes the place of another, by the rule that the server's connections make room by
 * (slots.h). The server limits the others (connections.h).
 *
 * Systems without poll(2) and socket pairs have no acceptor (none.c): there the HTTP server accepts by itself.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_ACCEPTOR_H
#define EXPORTER_HTTP_ACCEPTOR_ACCEPTOR_H

#include <microhttpd.h> /* for struct sockaddr, on every system */
#include <stdbool.h>
#include <stddef.h>

#include "exporter/web/web.h"

/* Whether this build has one. */
extern const bool http_acceptor_exists;

struct http_front;

struct http_front_options {
	struct web *web;    /* NULL: no TLS */
	const int *sockets; /* listening, non-blocking; to stay open until http_front_stop(). The array is copied */
	size_t count;
	size_t limit; /* connections that are not idle: as long as there are so many, nothing is accepted */
	/* Takes over a connection, and gets the client's address. On the acceptor's thread. */
	void (*serve)(void *data, int socket, const struct sockaddr *address, socklen_t length);
	/* A TLS handshake failed. */
	void (*failed)(void *data, const struct sockaddr *address, enum tls_error error);
	void *data;
};

/* Returns 0 or -errno. */
int http_front_start(struct http_front **acceptor, const struct http_front_options *options) MUST_CHECK;
/* Returns false if its thread hangs. May take some seconds. */
bool http_front_alive(struct http_front *acceptor);
/* Stops accepting: once it returns, serve() is not called any more. Call before http_front_stop(). */
void http_front_quiesce(struct http_front *acceptor);
/* Frees the acceptor. Call once the server has closed its ends: waits up to `ms` for clients to read the last bytes.
 * NULL is fine. */
void http_front_stop(struct http_front *acceptor, unsigned ms);

#endif
