/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of clients, as sockets of Windows. */
#include <winsock2.h>

#include <ws2tcpip.h>

#include <stdio.h>

#include "exporter/platform/connection.h"
#include "exporter/platform/network.h"

uint64_t host_connection_network(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return network_of_v4(&((const struct sockaddr_in *)(const void *)address)->sin_addr);
	if (address->sa_family == AF_INET6)
		return network_of_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return 0;
}

void host_connection_peer(const struct sockaddr *address, char text[HOST_PEER_MAX])
{
	const struct sockaddr_in6 *v6 = (const void *)address;
	const struct sockaddr_in *v4 = (const void *)address;
	char host[INET6_ADDRSTRLEN];

	if (address->sa_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)))
		snprintf(text, HOST_PEER_MAX, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
	else if (address->sa_family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)))
		snprintf(text, HOST_PEER_MAX, "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
	else
		snprintf(text, HOST_PEER_MAX, "local");
}

/* Ignores errors, since the peer may be gone. Accepted sockets do not block. */

void host_connection_send(int socket, const void *bytes, size_t length)
{
	(void)send((SOCKET)socket, bytes, (int)length, 0);
}

const bool host_connection_end_wakes = false; /* poll() is WSAPoll(), which reports the peer's actions alone */

void host_connection_end(int socket, bool reset)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		setsockopt((SOCKET)socket, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof(at_once));
	shutdown((SOCKET)socket, SD_BOTH);
}
