/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP server: answers requests by libmicrohttpd, and requests for metrics by a scraper. The acceptor
 * (acceptor/acceptor.h) accepts, checks and relays all connections, and one thread of libmicrohttpd serves them. A
 * request for metrics is suspended until its ticket is answered, so that other paths are answered during a snapshot.
 */
#ifndef EXPORTER_HTTP_SERVER_H
#define EXPORTER_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"
#include "exporter/scrape/scrape.h"
#include "exporter/web/web.h"

struct http_server;

struct http_options {
	const char *telemetry_path;
	unsigned max_requests; /* requests for metrics in flight; further ones are answered with 503; 0: no limit */
	bool health_without_auth;
	bool sockets;      /* serve /sockets */
	uint64_t families; /* METRIC_BITs that collect[] and exclude[] choose from */
	struct scraper *scraper;
	struct web *web; /* NULL: no --web.config.file; not owned */
};

/* Serves on `sockets` until http_stop(). They come from host_listen(). The server owns them, even on failure. Copies
 * `options`, but not its strings. Returns 0, or -errno with *error filled. */
int http_start(struct http_server **server, const struct http_options *options, const int *sockets, size_t count,
               struct platform_error *error) MUST_CHECK;

/* Returns false if a thread that serves connections hangs. May take some seconds. */
bool http_alive(struct http_server *server);

/* Answers the received requests, ends every connection and frees the server. Call after scraper_stop(), which
 * answers the suspended requests. NULL is allowed. */
void http_stop(struct http_server *server);

#endif
