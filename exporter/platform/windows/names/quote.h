/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments as parts of a command line, which is how Windows passes them. Pure. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_QUOTE_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_QUOTE_H

#include <stddef.h>
#include <stdint.h>

/* The most units that an argument of so many becomes. */
#define QUOTED_MAX(units) (2 * (units) + 2)

/*
 * Writes an argument (UTF-16, ended by a zero) to `quoted`, which has room for QUOTED_MAX() of its units, so that
 * CommandLineToArgvW() and the C library take it for that argument; nothing ends it. The number of units written.
 */
size_t quote_argument(uint16_t *quoted, const uint16_t *argument);

#endif
