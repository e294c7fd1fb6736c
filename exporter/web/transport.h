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

/* Why a client was not let in: values of the label of tcp_exporter_tls_handshake_errors_total. */
enum transport_fault {
	TRANSPORT_HTTP,        /* it speaks HTTP where TLS is expected */
	TRANSPORT_CERTIFICATE, /* it has no certificate, or a bad one */
	TRANSPORT_VERSION,     /* there is no version in common */
	TRANSPORT_CIPHER,      /* there is no cipher suite or curve in common */
	TRANSPORT_ALERT,       /* it broke off with an alert: it does not trust the server's certificate, mostly */
	TRANSPORT_GONE,        /* it closed the connection */
	TRANSPORT_TIMEOUT,     /* it took too long */
	TRANSPORT_DROPPED,     /* others needed its place */
	TRANSPORT_OTHER,
	TRANSPORT_FAULTS,
};

struct transport_ops {
	/* Continues the handshake. 0: it is done; -EAGAIN: poll() first; else *fault tells why it failed, and the
	 * client was told as far as it can be. */
	int (*handshake)(void *channel, enum transport_fault *fault);
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
