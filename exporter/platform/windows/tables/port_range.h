/* SPDX-License-Identifier: Apache-2.0 */
/* The ports that Windows gives to sockets which ask for none. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PORT_RANGE_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PORT_RANGE_H

#include <stdint.h>

/* Both ends included. */
void port_range_read(uint16_t *low, uint16_t *high);

#endif
