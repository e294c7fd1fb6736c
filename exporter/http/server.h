/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP server: serves a scraper's metrics with libmicrohttpd. The acceptor (acceptor/acceptor.h) accepts, checks and
 * relays all connections, and one thread of libmicrohttpd serves them. On a system without an acceptor one thread per
 * listening socket does both. A request for metrics is suspended until its ticket is answered, so that the other paths
 * are served during a snapshot.
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
	unsigned max_requests; /* requests for metrics in flight; more get 503. 0: no limit */
	bool health_without_auth;
	uint64_t families; /* METRIC_BITs that collect[] and exclude[] choose from */
	struct scraper *scraper;
	struct web *web; /* of a --web.config.file; NULL: plain HTTP without passwords. Not owned */
};

/* Serves on the listening `sockets` of host_listen() until http_stop(). Takes over the sockets even on failure. Returns
 * 0, or -errno with *error filled. `options` is copied, its strings are not. */
int http_start(struct http_server **server, const struct http_options *options, const int *sockets, size_t count,
               struct platform_error *error) MUST_CHECK;

/* Returns false if a thread that serves a socket hangs. Can last some seconds. */
bool http_alive(struct http_server *server);

/* Stops accepting. Call before scraper_stop(). */
void http_quiesce(struct http_server *server);
/* Ends every connection and frees the server. Call after scraper_stop(), which answers the suspended requests. */
void http_stop(struct http_server *server);

#endif
