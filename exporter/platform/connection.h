/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: the addresses of clients. */
#ifndef EXPORTER_PLATFORM_CONNECTION_H
#define EXPORTER_PLATFORM_CONNECTION_H

#include <stdint.h>

struct sockaddr;

/* Returns the network of a client as one number: its IPv4 address, also if it is mapped into IPv6, or the /64 of its
 * IPv6 address. Returns 0 for any other kind of address. */
uint64_t host_connection_network(const struct sockaddr *address);

/* Writes a client's address ("192.0.2.1:40000", "[2001:db8::1]:40000"), or "local" for any other kind. */
enum { HOST_PEER_MAX = 64 };
void host_connection_peer(const struct sockaddr *address, char text[HOST_PEER_MAX]);

#endif
