/* SPDX-License-Identifier: Apache-2.0 */
/* Network: the part of an address that one client can have to itself, as one number. */
#ifndef EXPORTER_PLATFORM_NETWORK_H
#define EXPORTER_PLATFORM_NETWORK_H

#include <stdint.h>
#include <string.h>

/* Returns the network of the 4 bytes of an IPv4 address. No IPv6 network has the same number: ::/16 is reserved (RFC
 * 4291, 2.4). */
static inline uint64_t network_of_v4(const void *address)
{
	unsigned char bytes[sizeof(uint64_t)] = {0, 0, 0xff, 0xff};
	uint64_t network;

	memcpy(bytes + 4, address, 4);
	memcpy(&network, bytes, sizeof(network));
	return network;
}

/* Returns the network of the 16 bytes of an IPv6 address: its first half, unless it is an IPv4 address in
 * ::ffff:0:0/96. */
static inline uint64_t network_of_v6(const void *address)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	uint64_t network;

	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		return network_of_v4((const unsigned char *)address + sizeof(mapped));
	memcpy(&network, address, sizeof(network));
	return network;
}

#endif
