/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of connections: made once, for as many as there may be, so that none fails for want of memory; in the
 * order of their last progress; and how many each network has. Clients that are not let in yet and connections of the
 * HTTP server make room by the same rule, http_slots_victim(). No lock: the caller's.
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
	size_t connections; /* that did not leave it */
	unsigned scrapes;   /* requests for metrics in flight, of these */
	struct http_network *next;
};

enum http_progress {
	PROGRESS_NONE,      /* accepted; the first request is not whole yet */
	PROGRESS_WAITING,   /* for the snapshot, or for a password's hash */
	PROGRESS_ANSWERING, /* the answer is on its way */
	PROGRESS_ANSWERED,  /* the next request is not whole yet, or has not begun */
	PROGRESS_ENDED,     /* told to end; the daemon's thread is about to close it */
};

struct http_connection {
	struct http_connection *previous, *next; /* towards older and newer progress */
	struct http_network *network;            /* NULL once it left */
	void *owner;
	struct MHD_Connection *handle;
	int socket;
	bool scrapes; /* its request is one of those in flight */
	enum http_progress progress;
	uint64_t since_ns; /* of that progress */
};

struct http_slots {
	struct http_connection *oldest, *newest, *free, *connections;
	struct http_network *networks, *free_networks, *all_networks;
};

/* 0 or -ENOMEM; http_slots_release() in either case. */
int http_slots_init(struct http_slots *slots, size_t room) MUST_CHECK;
void http_slots_release(struct http_slots *slots);

/* The newest connection, of that network; else all zeros. NULL: there is no room. */
struct http_connection *http_slots_take(struct http_slots *slots, uint64_t network);
/* Returns the connection that must make room for another: of the network with the most connections, the oldest one that
 * `may` go (NULL: any). NULL: there is none. */
struct http_connection *http_slots_victim(const struct http_slots *slots,
                                          bool (*may)(const struct http_connection *connection, uint64_t now_ns),
                                          uint64_t now_ns);
/* It counts for its network no more. */
void http_slots_leave(struct http_slots *slots, struct http_connection *connection);
/* It made progress: it is the newest again. */
void http_slots_renew(struct http_slots *slots, struct http_connection *connection);
/* Frees the slot of a connection that has left its network. */
void http_slots_put(struct http_slots *slots, struct http_connection *connection);

#endif
