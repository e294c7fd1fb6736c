/* SPDX-License-Identifier: Apache-2.0 */
/* Peers: addresses of clients, as a number and as text. */
#include "exporter/platform/inet.h"

#include <stdio.h>

#include "exporter/platform/connection.h"
#include "exporter/platform/network.h"

uint64_t host_connection_network(const struct sockaddr *address)
{
	switch (address->sa_family) {
	case AF_INET:
		return network_of_v4(&((const struct sockaddr_in *)(const void *)address)->sin_addr);
	case AF_INET6:
		return network_of_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	default:
		return 0;
	}
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
