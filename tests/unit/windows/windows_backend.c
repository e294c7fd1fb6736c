/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of flags of the backend iphlpapi: it opens with all that work on Windows. */
#include "exporter/scrape/backend.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/parsed_options.h"

static void test_accepted(void **state)
{
	static const char *const flags[] = {
	        "--collector.label=unit",          "--collector.label=exe",        "--collector.label=user",
	        "--collector.label=pid",           "--collector.process-name=exe", "--collector.label=family",
	        "--collector.label=local_address",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const struct options options = parsed_options(flags[i], NULL);
		struct platform_error error = {""};
		struct open_backend open;

		if (backend_open(&open, &options, backend_wants_to_serve(&options), &error) != 0)
			fail_msg("%s: %s", flags[i], error.text);
		assert_string_equal(open.backend->name, "iphlpapi");
		backend_close(&open);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
