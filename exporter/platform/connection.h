/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoint does with its clients' connections beside what its HTTP library does. */
#ifndef EXPORTER_PLATFORM_CONNECTION_H
#define EXPORTER_PLATFORM_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* Which network a client is of: its IPv4 address, also if it is mapped into IPv6, or the /64 of its IPv6 address.
 * 0 for any other kind of address. */
uint64_t host_connection_network(const struct sockaddr *address);

/* Writes a client's address ("192.0.2.1:40000", "[2001:db8::1]:40000"); "local" for any other kind. */
enum { HOST_PEER_MAX = 64 };
void host_connection_peer(const struct sockaddr *address, char text[HOST_PEER_MAX]);

/* Sends as many of the bytes as the system takes at once. */
void host_connection_send(int socket, const void *bytes, size_t length);

/* Ends both directions. It stays open: close() is its owner's. If `reset`, what was not delivered by then is thrown
 * away at the close, and the peer gets an RST instead of a FIN. */
void host_connection_end(int socket, bool reset);

/* Whether that wakes who polls the socket. Else he learns of it when the peer says something or closes. */
extern const bool host_connection_end_wakes;

#endif
