/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting of arguments in a command line, in which Windows passes them. Pure. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_QUOTE_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_QUOTE_H

#include <stddef.h>
#include <stdint.h>

/* The largest number of units of an argument of `units`. */
#define QUOTED_MAX(units) (2 * (units) + 2)

/*
 * Writes an argument (UTF-16, terminated) to `quoted`, which has room for QUOTED_MAX() of its units.
 * CommandLineToArgvW() and the C library read it as that argument. Returns the number of units; writes no terminator.
 */
size_t quote_argument(uint16_t *quoted, const uint16_t *argument);

#endif
