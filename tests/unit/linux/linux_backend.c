/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of backends and flags that only Linux has, or does not have. */
#include "exporter/scrape/backend.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/service.h"
#include "tests/unit/parsed_options.h"

/* Without a working backend, auto does not fall back to replay, and reports the last backend's error. */
static void test_none_works(void **state)
{
	static const char *const backends[] = {"--collector.backend=auto", "--collector.backend=procfs"};

	(void)state;
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		const struct options options = parsed_options("--path.procfs=/nonexistent", backends[i]);
		struct platform_error error = {""};
		struct open_backend open;

		assert_true(backend_open(&open, &options, 0, &error) < 0);
		assert_null(open.platform);
		assert_non_null(strstr(error.text, "/nonexistent"));
		backend_close(&open);
	}
}

/* Windows services are refused. */
static void test_service(void **state)
{
	const struct service_work work = {NULL, NULL};
	struct platform_error error = {""};

	(void)state;
	assert_int_equal(service_install("--service=run", NULL, &error), -ENOTSUP);
	assert_non_null(strstr(error.text, "Windows"));
	assert_int_equal(service_remove(&error), -ENOTSUP);
	assert_int_equal(service_run(&work, &error), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_none_works),
	        cmocka_unit_test(test_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
