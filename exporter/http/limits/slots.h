/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: records of connections, in the order of their last progress, and the number of each network's connections.
 * All are allocated at the start, so that no connection fails for lack of memory. The acceptor's clients and the HTTP
 * server's connections are ended by the same rule, http_slots_victim(). The caller must hold a lock.
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
	size_t connections; /* connections that count for it */
	unsigned scrapes;   /* their requests for metrics in flight */
	struct http_network *next;
};

enum http_progress {
	PROGRESS_NONE,      /* accepted; the first request is not whole yet */
	PROGRESS_WAITING,   /* the request waits for a snapshot, or for a password's hash */
	PROGRESS_ANSWERING, /* the answer is being sent */
	PROGRESS_ANSWERED,  /* the next request is not whole yet, or has not begun */
	PROGRESS_ENDED,     /* ended; the daemon's thread closes it */
};

struct http_connection {
	struct http_connection *previous, *next; /* towards older and newer progress */
	struct http_network *network;            /* NULL after http_slots_leave() */
	void *owner;
	int socket;
	bool scrapes; /* its request for metrics is in flight */
	enum http_progress progress;
	uint64_t since_ns; /* the time of that progress */
};

struct http_slots {
	struct http_connection *oldest, *newest, *free, *connections;
	struct http_network *networks, *free_networks, *all_networks;
};

/* Allocates the slots. Returns 0 or -ENOMEM. Call http_slots_release() in either case. */
int http_slots_init(struct http_slots *slots, size_t room) MUST_CHECK;
void http_slots_release(struct http_slots *slots);

/* Returns a slot for a new connection of that network, with all other fields zero, or NULL if no slot is free. */
struct http_connection *http_slots_take(struct http_slots *slots, uint64_t network);
/* Returns the connection that must make room for another: of the network with the most connections, the oldest one
 * for which `may` returns true (NULL: any). Returns NULL if there is no such connection. */
struct http_connection *http_slots_victim(const struct http_slots *slots,
                                          bool (*may)(const struct http_connection *connection, uint64_t now_ns),
                                          uint64_t now_ns);
/* Stops counting the connection for its network. */
void http_slots_leave(struct http_slots *slots, struct http_connection *connection);
/* Makes the connection the newest, after progress. */
void http_slots_renew(struct http_slots *slots, struct http_connection *connection);
/* Frees the slot of a connection that has left its network. */
void http_slots_put(struct http_slots *slots, struct http_connection *connection);

#endif
