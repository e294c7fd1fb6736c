/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen on, in the form that users write: "host:port", "[v6]:port" or ":port". */
#ifndef EXPORTER_PLATFORM_LISTEN_ADDRESS_H
#define EXPORTER_PLATFORM_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* The longest name in the DNS (RFC 1035, 2.3.4), and the terminator. */
	LISTEN_HOST_MAX = 256,
	LISTEN_PORT_MAX = sizeof("65535"),
};

struct listen_address {
	char host[LISTEN_HOST_MAX]; /* without brackets; empty: every address of both families */
	char port[LISTEN_PORT_MAX];
	uint16_t port_number;
};

/* False: `text` does not have that form. */
bool listen_address_parse(struct listen_address *address, const char *text);

#endif
