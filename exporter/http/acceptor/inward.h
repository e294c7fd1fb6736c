/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inward buffer: a client's bytes on their way to the HTTP server. It follows where requests begin and end, and
 * releases a request's head only when it is whole and good. After a bad head, or a body without a length, it
 * releases nothing more and discards what follows.
 *
 * The functions are pure.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_INWARD_H
#define EXPORTER_HTTP_ACCEPTOR_INWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/http/acceptor/head.h"

/* Bytes of the request that replaces a bad one. */
enum { INWARD_FAULT_MAX = 80 };

/* All zeros at first. */
struct inward {
	size_t start, ready, end; /* released up to `ready`, received up to `end` */
	size_t searched;          /* of the head that begins at `ready`: see head_find_end() */
	uint64_t body;            /* bytes that the current request's body still has */
	bool deaf;                /* further bytes are discarded */
	char bytes[HEAD_BYTES_MAX + INWARD_FAULT_MAX];
};

bool inward_has_room(const struct inward *inward);
/* Returns the number of bytes that can be received, and stores their address in *bytes. */
size_t inward_reserve(struct inward *inward, char **bytes);
/* Adds `length` bytes that were received at the reserved address. With `needs_tls` every head is refused. */
void inward_add(struct inward *inward, size_t length, bool needs_tls);

/* Returns true if the current request's body is not whole yet. */
bool inward_is_within_body(const struct inward *inward);

bool inward_is_ready(const struct inward *inward);
/* Returns the number of released bytes, and stores their address in *bytes. */
size_t inward_ready(const struct inward *inward, const char **bytes);
/* Removes the first `length` released bytes. */
void inward_take(struct inward *inward, size_t length);

/* Overwrites all bytes, since requests hold passwords. */
void inward_wipe(struct inward *inward);

#endif
