/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of the endpoint: limits their number and their time, so that no slow, silent or greedy client keeps
 * others from being served.
 *
 * Invariants
 *  - Every connection has a deadline, except while it waits for a snapshot or for a password's hash. Only a whole
 * request or a whole answer moves the deadline. Bytes that trickle do not.
 *  - There are never more than `limit` connections. A further connection replaces one of the network that has the
 * most: the one without progress for the longest time. A connection that waits for a snapshot stays.
 *  - A network is an IPv4 address or an IPv6 /64: the addresses that one host can have to itself.
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

/* Ended connections that are not closed yet, in addition to the limit: more than the daemon receives before it checks
 * all its connections again. */
enum { HTTP_CONNECTIONS_ENDING = 32 };

/* Fill the first part and set the rest to zeros before http_connections_start(). */
struct http_connections {
	size_t limit;            /* connections */
	unsigned max_scrapes;    /* requests for metrics in flight, from the ticket to the last byte; 0: no limit */
	struct scraper *scraper; /* counts the answers of this module */

	pthread_t thread;     /* ends overdue connections */
	pthread_mutex_t lock; /* guards all fields below */
	pthread_cond_t change;
	struct http_slots slots;
	size_t count;     /* connections, except those that were ended */
	unsigned scrapes; /* requests for metrics in flight */
	uint64_t wake_ns; /* the time until which the thread waits */
	bool stopping;
};

/* Starts the thread. Returns 0, or -errno and nothing to stop. */
int http_connections_start(struct http_connections *connections) MUST_CHECK;
/* Stops the thread. Call when no connection is left. */
void http_connections_stop(struct http_connections *connections);

/* Implements MHD_NotifyConnectionCallback; the connections are its data. */
void http_connections_notify(void *connections, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode code);

/* ---- Progress of one connection, called by its daemon's thread ---- */

enum http_admission {
	HTTP_ADMITTED,
	HTTP_FULL,  /* too many requests for metrics are in flight */
	HTTP_ENDED, /* the connection was ended, and cannot be answered */
};

/* Notes that a whole request for metrics has arrived. An admitted request is in flight until
 * http_connection_answered(). A network without a request in flight is always admitted, so that no other network can
 * use all places. */
enum http_admission http_connection_begin_scrape(struct MHD_Connection *connection) MUST_CHECK;
/* Notes that the request waits for something that has a limit of its own, such as a password's hash. No deadline
 * applies meanwhile. Returns false if the connection was ended. */
bool http_connection_wait(struct MHD_Connection *connection) MUST_CHECK;
/* Notes that the answer is being sent. Returns false if the connection was ended. */
bool http_connection_answer(struct MHD_Connection *connection) MUST_CHECK;
/* Notes that the request is over, answered or not. */
void http_connection_answered(struct MHD_Connection *connection);

#endif
