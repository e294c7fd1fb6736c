/* SPDX-License-Identifier: Apache-2.0 */
/* Request handling: the callbacks of libmicrohttpd, and the state that all requests share. */
#ifndef EXPORTER_HTTP_REQUEST_H
#define EXPORTER_HTTP_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>
#include <stddef.h>

#include "exporter/http/limits/connections.h"
#include "exporter/http/server.h"
#include "metrics/textbuf.h"

/* Shared by the requests of every listening socket. */
struct http_site {
	struct http_options options;
	struct textbuf landing;
	struct MHD_Response *no_memory; /* made at the start, for use when memory is short */
	struct http_connections connections;

	pthread_mutex_t lock; /* guards all fields below */
	pthread_cond_t idle;  /* no request is left */
	size_t requests;      /* being read or answered */
};

/* Makes the site for `daemons` daemons of libmicrohttpd. Returns 0, or -errno and then nothing needs a release. */
int http_site_init(struct http_site *site, const struct http_options *options, size_t daemons) MUST_CHECK;
void http_site_release(struct http_site *site);

/* Waits until no request is left, at most `ms` milliseconds. */
void http_site_drain(struct http_site *site, unsigned ms);

/* Is the MHD_AccessHandlerCallback; its data is the site. Called at a request's head, for each piece of its body, at
 * its end, and after a resume. */
enum MHD_Result http_on_request(void *site, struct MHD_Connection *connection, const char *path, const char *method,
                                const char *version, const char *body, size_t *body_length, void **state);
/* Is the MHD_RequestCompletedCallback; its data is the site. */
void http_on_completed(void *site, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

#endif
