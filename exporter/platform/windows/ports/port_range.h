/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic port range: the ports that Windows gives to sockets that do not choose one, without the excluded ports.
 *
 * Source: the commands "netsh interface ipv4|ipv6 show dynamicport tcp" and "netsh interface ipv4 show
 * excludedportrange protocol=tcp" (Microsoft, "The default dynamic port range for TCP/IP has changed"). They are the
 * one documented source of both facts and both families, and need no privilege. An exclusion (Hyper-V, Docker, an
 * administrator's) is one of both families. WMI (MSFT_NetTCPSetting) has no exclusions, and one range per profile.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_PORTS_PORT_RANGE_H
#define EXPORTER_PLATFORM_WINDOWS_PORTS_PORT_RANGE_H

#include <stdint.h>

#include "metrics/snapshot.h"

/* The range of both families together: from the lower first port to the higher last port. Ports between two ranges
 * that do not touch are excluded. */
struct port_range {
	uint16_t low, high; /* both ends belong to the range */
	struct port_set excluded;
};

/* Returns the range of both families: `v6` without exclusions is merged into `v4`. Pure. */
void port_range_merge(struct port_range *v4, uint16_t v6_low, uint16_t v6_high);

struct port_range_reader;

/* Starts the first read, in a thread of its own, and waits for it for at most five seconds. Returns NULL if memory or
 * threads are short. */
struct port_range_reader *port_range_reader_new(void);
/* Ends a read that is under way. */
void port_range_reader_free(struct port_range_reader *reader);
/* Copies the range: the last one read; until then, or if Windows does not report it, the default. Starts another read,
 * without waiting for it, if the last one is ten minutes old. */
void port_range_get(struct port_range_reader *reader, struct port_range *range);

#endif
