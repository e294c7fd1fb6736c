/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: the callbacks of libmicrohttpd for requests, and the state that all requests share. */
#ifndef EXPORTER_HTTP_REQUEST_H
#define EXPORTER_HTTP_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>
#include <stddef.h>

#include "exporter/http/limits/connections.h"
#include "exporter/http/server.h"
#include "metrics/textbuf.h"

/* The state that the requests of all listening sockets share. */
struct http_site {
	struct http_options options;
	struct textbuf landing;
	struct MHD_Response *no_memory; /* made at the start, and used when an allocation fails */
	struct http_connections connections;

	pthread_mutex_t lock; /* guards all fields below */
	pthread_cond_t idle;  /* signalled when no request is left */
	size_t requests;      /* requests that are being read or answered */
};

/* Prepares the site. Returns 0, or -errno and nothing to release. */
int http_site_init(struct http_site *site, const struct http_options *options) MUST_CHECK;
void http_site_release(struct http_site *site);

/* Waits until no request is left, or until `deadline_ns`. */
void http_site_drain(struct http_site *site, uint64_t deadline_ns);

/* Implements MHD_AccessHandlerCallback; the site is its data. Called at a request's head, for each piece of its
 * body, at its end, and again after it was suspended. */
enum MHD_Result http_on_request(void *site, struct MHD_Connection *connection, const char *path, const char *method,
                                const char *version, const char *body, size_t *body_length, void **state);
/* Implements MHD_RequestCompletedCallback; the site is its data. */
void http_on_completed(void *site, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

#endif
