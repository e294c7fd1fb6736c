/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: operations on clients' sockets that the HTTP library does not offer. */
#ifndef EXPORTER_PLATFORM_CONNECTION_H
#define EXPORTER_PLATFORM_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* Returns the network of a client as one number: its IPv4 address, also if it is mapped into IPv6, or the /64 of its
 * IPv6 address. Returns 0 for any other kind of address. */
uint64_t host_connection_network(const struct sockaddr *address);

/* Writes a client's address ("192.0.2.1:40000", "[2001:db8::1]:40000"), or "local" for any other kind. */
enum { HOST_PEER_MAX = 64 };
void host_connection_peer(const struct sockaddr *address, char text[HOST_PEER_MAX]);

/* Sends as many of the bytes as the system accepts at once. */
void host_connection_send(int socket, const void *bytes, size_t length);

/* Shuts both directions down. The owner still closes the socket. With `reset`, the close discards data that was not
 * delivered, and the peer receives an RST instead of a FIN. */
void host_connection_end(int socket, bool reset);

/* Says that host_connection_end() wakes a thread that polls the socket. If not, the thread notices when the peer sends
 * something or closes. */
extern const bool host_connection_end_wakes;

#endif
