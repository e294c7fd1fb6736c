/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List of sockets: the answer to /sockets. It has the worst sockets that a query selects, at most SOCKET_LIST_MAX, and
 * the number of all that it selects. CLOSE_WAIT sockets come first, the oldest before the others, then the sockets with
 * the longest queues.
 */
#ifndef EXPORTER_SOCKETS_LIST_H
#define EXPORTER_SOCKETS_LIST_H

#include "exporter/sockets/query.h"
#include "metrics/sort.h"
#include "metrics/textbuf.h"

/* More rows than a person reads. With the longest names they need 2 MB. */
enum { SOCKET_LIST_MAX = 1000 };

/* Rows are collected up to twice the maximum, and then the better half is dropped. */
struct socket_list {
	struct sort_item items[4 * SOCKET_LIST_MAX]; /* the second half is scratch */
	size_t count;
	uint64_t total;
};

/* Returns the rank of a socket in a list: a smaller rank is worse, and comes first. */
uint64_t socket_rank(const struct snapshot_socket *socket);

/* Writes the list as JSON. Errors of `out` are sticky. */
void socket_list_write(struct textbuf *out, struct socket_list *list, const struct socket_query *query,
                       const struct census_input *input);

#endif
