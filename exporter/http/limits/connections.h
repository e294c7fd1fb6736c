/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoint's connections, and what each may cost: no client, slow, silent or many at once, keeps the others
 * from being served.
 *
 * Invariants
 *  - Every connection has a deadline, except while it waits for a snapshot or for a
 *    password's hash. Only a whole
 *    request or a whole answer moves it; bytes that trickle do not.
 *  - There are never more than `limit` connections. One more takes the place of another: of the network that has the
 *    most, the one that has gone longest without progress. Only one that waits for a snapshot stays.
 *  - A network is an IPv4 address or an IPv6 /64, which is what one host can have to itself.
 *  - Nothing runs unless a deadline is due.
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

/* Connections beside the limit that each daemon may have: those that were told to end, until it comes to them. More
 * than it accepts between two looks at all of them. */
enum { HTTP_CONNECTIONS_ENDING = 32 };

/* All zeros but for the first part, which http_connections_start() is told. */
struct http_connections {
	size_t limit;            /* connections */
	unsigned max_scrapes;    /* requests for metrics in flight, from the ticket to the last byte; 0: no limit */
	struct scraper *scraper; /* counts the answers that are given here */

	pthread_t thread;     /* ends what is overdue */
	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t change;
	struct http_slots slots;
	size_t count;     /* connections, less those that were told to end */
	unsigned scrapes; /* in flight */
	uint64_t wake_ns; /* when the thread looks next */
	bool stopping;
};

/* `ending`: how many connections may be there beside, told to end and not closed yet. 0, or -errno and there is
 * nothing to stop. */
int http_connections_start(struct http_connections *connections, size_t ending) MUST_CHECK;
/* Once no connection is left. */
void http_connections_stop(struct http_connections *connections);

/* MHD_NotifyConnectionCallback, with the connections as its data. */
void http_connections_notify(void *connections, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode code);

/* ---- The progress of one connection, told by its daemon's thread ---- */

enum http_admission {
	HTTP_ADMITTED,
	HTTP_FULL,  /* too many requests for metrics are in flight */
	HTTP_ENDED, /* the connection was told to end: there is nothing to answer any more */
};

/* A request for metrics came in whole. If admitted it is in flight until http_connection_answered(). The limit
 * does not hold for a network that has none in flight, so that no other network can take all places. */
enum http_admission http_connection_begin_scrape(struct MHD_Connection *connection) MUST_CHECK;
/* The request waits for something that has a limit of its own, such as a password's hash: no deadline holds meanwhile.
 * Returns false if the connection was told to end. */
bool http_connection_wait(struct MHD_Connection *connection) MUST_CHECK;
/* An answer goes out. False: the connection was told to end. */
bool http_connection_answer(struct MHD_Connection *connection) MUST_CHECK;
/* The request is over, whether it was answered or not. */
void http_connection_answered(struct MHD_Connection *connection);

#endif
