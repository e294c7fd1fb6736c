/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a command line, for the tests of backends. */
#ifndef TESTS_UNIT_PARSED_OPTIONS_H
#define TESTS_UNIT_PARSED_OPTIONS_H

#include "exporter/options.h"

/* Returns the options of a command line with these flags, which must be valid. NULL: no flag. */
struct options parsed_options(const char *first, const char *second);

#endif
