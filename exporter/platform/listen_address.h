/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to listen on, in the form that users write: "host:port", "[v6]:port", "[v6%zone]:port", ":port" or
 * "*:port", and "unix:/path". A port is a number or a service's name.
 */
#ifndef EXPORTER_PLATFORM_LISTEN_ADDRESS_H
#define EXPORTER_PLATFORM_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* The longest name in the DNS (RFC 1035, 2.3.4), and the terminator. */
	LISTEN_HOST_MAX = 256,
	/* The longest service name (RFC 6335, 5.1), and the terminator. */
	LISTEN_PORT_MAX = 16,
	/* The size of sun_path on Linux. */
	LISTEN_PATH_MAX = 108,
};

struct listen_address {
	char path[LISTEN_PATH_MAX]; /* of a Unix socket; empty: it is TCP */
	char host[LISTEN_HOST_MAX]; /* without brackets and zone; empty: every address of both families */
	char zone[LISTEN_PORT_MAX]; /* an interface's name or number; empty: none */
	char port[LISTEN_PORT_MAX];
	bool port_is_name;
	uint16_t port_number; /* unless it is a name */
};

/* Parses `text`. Returns false if it has none of these forms. */
bool listen_address_parse(struct listen_address *address, const char *text);

#endif
