/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic port range: the ports that Windows gives to sockets that do not choose one. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PORT_RANGE_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PORT_RANGE_H

#include <stdint.h>

/* Reads the range. Both ends belong to it. */
void port_range_read(uint16_t *low, uint16_t *high);

#endif
