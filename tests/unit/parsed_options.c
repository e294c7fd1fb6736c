/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a command line, for the tests of backends. */
#include "tests/unit/parsed_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exporter/cli/parser.h"

struct options parsed_options(const char *first, const char *second)
{
	const char *const argv[] = {first, second};
	struct options options;
	char error[256];

	assert_int_equal(options_parse(&options, (first != NULL) + (second != NULL), argv, error, sizeof(error)), 0);
	return options;
}
