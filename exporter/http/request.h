/* SPDX-License-Identifier: Apache-2.0 */
/* What each request gets: the callbacks of libmicrohttpd, and what all requests share. */
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
	struct MHD_Response *no_memory; /* made beforehand, for when nothing can be made */
	struct http_connections connections;

	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t idle;  /* no request is left */
	size_t requests;      /* being read or answered */
};

/* For so many daemons of libmicrohttpd. 0, or -errno and there is nothing to release. */
int http_site_init(struct http_site *site, const struct http_options *options, size_t daemons) MUST_CHECK;
void http_site_release(struct http_site *site);

/* Waits until no request is left, `ms` milliseconds at the most. */
void http_site_drain(struct http_site *site, unsigned ms);

/* MHD_AccessHandlerCallback, with the site as its data. Called at a request's head, for each piece of
 * its body, at its end, and again when it is resumed. */
enum MHD_Result http_on_request(void *site, struct MHD_Connection *connection, const char *path, const char *method,
                                const char *version, const char *body, size_t *body_length, void **state);
/* MHD_RequestCompletedCallback, with the site as its data. */
void http_on_completed(void *site, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

#endif
