/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepts connections, and takes TLS off them where the web configuration says so. One thread for all of them.
 *
 * The HTTP server behind it sees plain connections only: the client's own, or one end of a local socket. So whether
 * TLS is on, and how, is decided for each connection when it comes, and a client that stalls in its handshake keeps
 * nobody waiting.
 */
#ifndef EXPORTER_WEB_TLS_FRONT_H
#define EXPORTER_WEB_TLS_FRONT_H

#include <microhttpd.h> /* for struct sockaddr, on every system */
#include <stdbool.h>
#include <stddef.h>

#include "exporter/web/web.h"

struct web_front;

struct web_front_options {
	struct web *web;
	const int *sockets; /* listening, non-blocking; to stay open until web_front_stop(). The array is copied */
	size_t count;
	/* Takes over a connection, and is told the client's address. On the front's thread. */
	void (*serve)(void *data, int socket, const struct sockaddr *address, socklen_t length);
	void *data;
};

/* 0 or -errno. */
int web_front_start(struct web_front **front, const struct web_front_options *options) MUST_CHECK;
/* False if its thread hangs. May take some seconds to tell. */
bool web_front_alive(struct web_front *front);
/* Accepts no more: once it returns, serve() is not called any more. Before web_front_stop(). */
void web_front_quiesce(struct web_front *front);
/* Once the server behind it has closed its ends: waits so long for clients to take the last bytes. NULL is fine. */
void web_front_stop(struct web_front *front, unsigned ms);

#endif
