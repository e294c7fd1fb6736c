/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection limits: deadlines and limits on the endpoint's connections, so that slow, silent or numerous clients do
 * not block the others.
 *
 * Invariants
 *  - Every connection has a deadline, except while it waits for a snapshot or for a password's hash. Only a whole
 *    request or a whole answer moves the deadline; single bytes do not.
 *  - At most `limit` connections exist. One more replaces the connection longest without progress in the network
 *    with the most connections. A connection that waits for a snapshot is not replaced.
 *  - A network is an IPv4 address or an IPv6 /64, because one host can own a whole /64.
 *  - The thread runs only when a deadline is due.
 */
#ifndef EXPORTER_HTTP_LIMITS_CONNECTIONS_H
#define EXPORTER_HTTP_LIMITS_CONNECTIONS_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/http/limits/slots.h"
#include "exporter/scrape/scrape.h"

/* Connections per daemon in addition to the limit: shut down, but not closed by the daemon yet. More than a daemon
 * accepts between two passes over its connections. */
enum { HTTP_CONNECTIONS_ENDING = 32 };

/* The caller fills the fields up to `scraper` before http_connections_start(); the others are zero. */
struct http_connections {
	size_t limit;            /* connections */
	unsigned max_scrapes;    /* requests for metrics in flight, from the ticket to the last byte; 0: no limit */
	struct scraper *scraper; /* counts the answers of this module */

	pthread_t thread;     /* ends overdue connections */
	pthread_mutex_t lock; /* guards all fields below */
	pthread_cond_t change;
	struct http_slots slots;
	size_t count;     /* connections that are not shut down */
	unsigned scrapes; /* in flight */
	uint64_t wake_ns; /* next time that the thread runs */
	bool stopping;
};

/* Starts the thread. `ending` is the room for connections that are shut down and not closed yet. Returns 0, or -errno
 * and then nothing needs a stop. */
int http_connections_start(struct http_connections *connections, size_t ending) MUST_CHECK;
/* Stops the thread. Call when no connection is left. */
void http_connections_stop(struct http_connections *connections);

/* Is the MHD_NotifyConnectionCallback; its data is the connections. */
void http_connections_notify(void *connections, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode code);

/* ---- Progress of one connection, called by its daemon's thread ---- */

enum http_admission {
	HTTP_ADMITTED,
	HTTP_FULL,  /* too many requests for metrics are in flight */
	HTTP_ENDED, /* the connection is shut down: no answer is possible */
};

/* Admits a whole request for metrics, which is then in flight until http_connection_answered(). A network without a
 * request in flight is exempt from the limit, so that no other network can block it. */
enum http_admission http_connection_begin_scrape(struct MHD_Connection *connection) MUST_CHECK;
/* Suspends the deadline while the request waits for work with its own limit, such as a password's hash. Returns false
 * if the connection is shut down. */
bool http_connection_wait(struct MHD_Connection *connection) MUST_CHECK;
/* Records the start of an answer. Returns false if the connection is shut down. */
bool http_connection_answer(struct MHD_Connection *connection) MUST_CHECK;
/* Records the end of the request, answered or not. */
void http_connection_answered(struct MHD_Connection *connection);

#endif
