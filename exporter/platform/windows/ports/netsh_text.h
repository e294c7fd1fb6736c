/* SPDX-License-Identifier: Apache-2.0 */
/* Output of netsh.exe: pure parsers. Its words depend on the language of Windows, so that only the numbers count. */
#ifndef EXPORTER_PLATFORM_WINDOWS_PORTS_NETSH_TEXT_H
#define EXPORTER_PLATFORM_WINDOWS_PORTS_NETSH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* Parses "show dynamicport": two lines end with a number, the first port and the number of ports. Both ends belong to
 * the range. Returns false for any other text. */
bool netsh_parse_range(const char *bytes, size_t length, uint16_t *low, uint16_t *high);

/* Parses "show excludedportrange": adds the ports of each line that starts with two numbers, the first and the last
 * port. */
void netsh_parse_excluded(const char *bytes, size_t length, struct port_set *ports);

#endif
