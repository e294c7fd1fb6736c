/* SPDX-License-Identifier: Apache-2.0 */
/* Bound ports: the local ports of sockets that are bound, and neither listen nor are connected. */
#ifndef EXPORTER_PLATFORM_WINDOWS_PORTS_BOUND_PORTS_H
#define EXPORTER_PLATFORM_WINDOWS_PORTS_BOUND_PORTS_H

#include "exporter/platform/windows/tables/ip_helper.h"

/* Adds the ports to snapshot->bound_ports. Adds none if Windows lacks the undocumented functions, or refuses. */
void bound_ports_read(const struct ip_helper *helper, struct snapshot *snapshot);

#endif
