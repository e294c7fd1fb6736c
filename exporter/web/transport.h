/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: what lies between a client's socket and the bytes of HTTP: nothing, or TLS. The sockets do not block, and
 * no function does.
 */
#ifndef EXPORTER_WEB_TRANSPORT_H
#define EXPORTER_WEB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "metrics/report/report.h"

struct transport_ops {
	/* Continues the handshake. 0: it is done; -EAGAIN: poll() first; else *error tells why it failed, and the
	 * client was told as far as it can be. */
	int (*handshake)(void *channel, enum tls_error *error);
	/* Returns true if the handshake waits to write, and false if it waits to read. */
	bool (*is_writing)(void *channel);
	/* Return the number of bytes; 0 from receive(): no more comes; -EAGAIN: poll() first; or another -errno. */
	ssize_t (*receive)(void *channel, void *bytes, size_t size);
	ssize_t (*send)(void *channel, const void *bytes, size_t length);
	/* Tells the client that no more comes. 0, -EAGAIN or another -errno. */
	int (*finish)(void *channel);
	void (*free)(void *channel);
};

struct transport {
	const struct transport_ops *ops;
	void *channel;
};

#endif
