/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: the layer between a client's socket and the bytes of HTTP, which is TLS or nothing. The sockets and all
 * functions are non-blocking.
 */
#ifndef EXPORTER_WEB_TRANSPORT_H
#define EXPORTER_WEB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "metrics/report/report.h"

struct transport_ops {
	/* Continues the handshake. Returns 0 when it is complete, -EAGAIN: poll() first, or another -errno with the
	 * cause in *error; the client was informed if possible. */
	int (*handshake)(void *channel, enum tls_error *error);
	/* Returns true if the handshake waits to write, and false if it waits to read. */
	bool (*is_writing)(void *channel);
	/* Return the number of bytes, 0 from receive() at the end of the stream, -EAGAIN: poll() first, or another
	 * -errno. */
	ssize_t (*receive)(void *channel, void *bytes, size_t size);
	ssize_t (*send)(void *channel, const void *bytes, size_t length);
	/* Ends the stream to the client (close_notify). Returns 0, -EAGAIN or another -errno. */
	int (*finish)(void *channel);
	void (*free)(void *channel);
};

struct transport {
	const struct transport_ops *ops;
	void *channel;
};

#endif
