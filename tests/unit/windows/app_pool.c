/* SPDX-License-Identifier: Apache-2.0 */
/* The application pool in the command lines of IIS' worker processes. */
#include "exporter/platform/windows/names/app_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_pool(const char *line, const char *expected)
{
	uint16_t units[256];
	size_t count = strlen(line), length = 0;
	const uint16_t *pool;

	for (size_t i = 0; i < count; i++)
		units[i] = (uint8_t)line[i];
	pool = app_pool_find(units, count, &length);
	if (expected == NULL) {
		assert_null(pool);
		return;
	}
	assert_non_null(pool);
	assert_int_equal(length, strlen(expected));
	for (size_t i = 0; i < length; i++)
		assert_int_equal(pool[i], expected[i]);
}

static void test_lines(void **state)
{
	(void)state;
	assert_pool(
	        "c:\\windows\\system32\\inetsrv\\w3wp.exe -ap \"Default App Pool\" -v \"v4.0\" -l \"webengine4.dll\"",
	        "Default App Pool");
	assert_pool("\"c:\\a b\\w3wp.exe\" -v v4.0 -ap shop", "shop");
	assert_pool("w3wp.exe  -ap   \"x\"", "x");
	assert_pool("w3wp.exe -ap \"open", "open");
	assert_pool("w3wp.exe -v \"-ap\"", NULL);
	assert_pool("w3wp.exe -ap", NULL);
	assert_pool("w3wp.exe -ap \"\"", NULL);
	assert_pool("w3wp.exe -app x", NULL);
	assert_pool("", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
