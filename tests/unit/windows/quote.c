/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the quoting of arguments for a Windows command line. */
#include "exporter/platform/windows/names/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MAX = 32 };

static const struct {
	const char *argument, *quoted;
} cases[] = {
        {"--log.level=info", "--log.level=info"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a\tb", "\"a\tb\""},
        {"C:\\a\\", "C:\\a\\"},
        {"C:\\a b\\", "\"C:\\a b\\\\\""},
        {"\\\\a\\b c", "\"\\\\a\\b c\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\\\"b", "\"a\\\\\\\"b\""},
        {"\"", "\"\\\"\""},
        {"\\\\\"", "\"\\\\\\\\\\\"\""},
};

static void test_quote(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t argument[UNITS_MAX] = {0}, quoted[UNITS_MAX];
		char text[UNITS_MAX] = "";
		size_t length;

		for (size_t j = 0; cases[i].argument[j] != '\0'; j++)
			argument[j] = (uint16_t)cases[i].argument[j];
		length = quote_argument(quoted, argument);
		assert_true(length <= QUOTED_MAX(strlen(cases[i].argument)));
		for (size_t j = 0; j < length; j++)
			text[j] = (char)quoted[j];
		assert_string_equal(text, cases[i].quoted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_quote)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
