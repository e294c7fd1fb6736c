/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of host_socket_pair(). Windows has no socket pairs, and no Unix sockets before Windows 10 1803, so a pair
 * is a connection of TCP over loopback. All pairs share one port. A connection that has ended keeps its addresses for
 * minutes, so each pair has an address of its own for one end: clients of the exporter use up no ephemeral ports.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_SOCKETS_PAIR_H
#define EXPORTER_PLATFORM_WINDOWS_SOCKETS_PAIR_H

#include <stdbool.h>
#include <stdint.h>

/* The network of both ends: 127.42.0.0/16, of which every address is the host's own. */
enum { PAIR_NETWORK_0 = 127, PAIR_NETWORK_1 = 42 };

/* Returns true if an IPv4 address is of that network. The backend leaves out such sockets, so that the exporter does
 * not count its pairs. */
static inline bool pair_has_address(const uint8_t address[4])
{
	return address[0] == PAIR_NETWORK_0 && address[1] == PAIR_NETWORK_1;
}

#endif
