/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection slots: records of connections in the order of their last progress, and counts per network. All records
 * are allocated at the start, so that no connection fails without memory. The acceptor's idle clients and the HTTP
 * server's connections share one replacement rule, http_slots_victim(). The caller holds the lock.
 */
#ifndef EXPORTER_HTTP_LIMITS_SLOTS_H
#define EXPORTER_HTTP_LIMITS_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"

struct MHD_Connection;

struct http_network {
	uint64_t id;
	size_t connections; /* that have not left the network */
	unsigned scrapes;   /* requests for metrics in flight */
	struct http_network *next;
};

enum http_progress {
	PROGRESS_NONE,      /* accepted; the first request is not whole yet */
	PROGRESS_WAITING,   /* for the snapshot, or for a password's hash */
	PROGRESS_ANSWERING, /* the answer is on its way */
	PROGRESS_ANSWERED,  /* the next request is not whole yet, or has not begun */
	PROGRESS_ENDED,     /* shut down; the daemon's thread will close it */
};

struct http_connection {
	struct http_connection *previous, *next; /* towards older and newer progress */
	struct http_network *network;            /* NULL after http_slots_leave() */
	void *owner;
	struct MHD_Connection *handle;
	int socket;
	bool scrapes; /* its request for metrics is in flight */
	enum http_progress progress;
	uint64_t since_ns; /* time of the last progress */
};

struct http_slots {
	struct http_connection *oldest, *newest, *free, *connections;
	struct http_network *networks, *free_networks, *all_networks;
};

/* Allocates `room` records. Returns 0 or -ENOMEM; call http_slots_release() in either case. */
int http_slots_init(struct http_slots *slots, size_t room) MUST_CHECK;
void http_slots_release(struct http_slots *slots);

/* Returns a zeroed record, the newest, for a connection of `network`. Returns NULL if no record is free. */
struct http_connection *http_slots_take(struct http_slots *slots, uint64_t network);
/* Returns the connection to replace: the oldest in the network with the most connections. `may` excludes connections
 * for which it returns false, and can be NULL. Returns NULL if no connection qualifies. */
struct http_connection *http_slots_victim(const struct http_slots *slots,
                                          bool (*may)(const struct http_connection *connection, uint64_t now_ns),
                                          uint64_t now_ns);
/* Removes the connection from its network's count. */
void http_slots_leave(struct http_slots *slots, struct http_connection *connection);
/* Makes the connection the newest. */
void http_slots_renew(struct http_slots *slots, struct http_connection *connection);
/* Frees the slot of a connection that has left its network. */
void http_slots_put(struct http_slots *slots, struct http_connection *connection);

#endif
