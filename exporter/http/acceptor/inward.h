/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inward buffer: a client's bytes for the HTTP server. It finds the start and end of each request, and releases a
 * request's head only when it is whole and good. After a bad head, or the head of a body without a length, it discards
 * all further bytes.
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

/* Initialize with zeros. */
struct inward {
	size_t start, ready, end; /* released up to `ready`, received up to `end` */
	size_t searched;          /* for head_find_end() of the head at `ready` */
	uint64_t body;            /* bytes of the current request's body that were not released yet */
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
