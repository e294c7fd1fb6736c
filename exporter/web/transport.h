/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: the layer between a client's socket and the bytes of HTTP, either plain or TLS. The sockets are
 * non-blocking, and no function blocks.
 */
#ifndef EXPORTER_WEB_TRANSPORT_H
#define EXPORTER_WEB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "metrics/report/report.h"

struct transport_ops {
	/* Continues the handshake. Returns 0 when it is done, -EAGAIN if poll() must come first, or another -errno
	 * with *error filled. Sends the client an alert if possible. */
	int (*handshake)(void *channel, enum tls_error *error);
	/* Returns true if the handshake waits to write, and false if it waits to read. */
	bool (*is_writing)(void *channel);
	/* Return the number of bytes, -EAGAIN if poll() must come first, or another -errno. receive() returns 0 at the
	 * end. */
	ssize_t (*receive)(void *channel, void *bytes, size_t size);
	ssize_t (*send)(void *channel, const void *bytes, size_t length);
	/* Ends the stream to the client. Returns 0, -EAGAIN or another -errno. */
	int (*finish)(void *channel);
	void (*free)(void *channel);
};

struct transport {
	const struct transport_ops *ops;
	void *channel;
};

#endif
