/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the escaping of foreign bytes for people. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/printable.h"

static void test_quote(void **state)
{
	char text[16];

	(void)state;
	printable_quote(text, sizeof(text), "abc");
	assert_string_equal(text, "\"abc\"");
	printable_quote(text, sizeof(text), "0123456789abcdefg");
	assert_true(strlen(text) < sizeof(text));
	assert_string_equal(text + strlen(text) - 4, "...\"");
	printable_quote(text, sizeof(text), "12345678\xc3\xa9\xc3\xa9\xc3\xa9"); /* never half a character */
	assert_string_equal(text, "\"12345678\xc3\xa9...\"");
}

static void test_json(void **state)
{
	static const char *const cases[][2] = {
	        {"a", "a"},
	        {"\xc3\xa9", "\xc3\xa9"},
	        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	        {"\"", "\\\""},
	        {"\\", "\\\\"},
	        {"\n", "\\n"},
	        {"\t", "\\u0009"},
	        {"\x1b", "\\u001b"},
	        {"\x7f", "\\u007f"},
	        {"\xc2\x9b", "\\u009b"},
	        {"\xff", "\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char step[JSON_STEP_MAX];
		size_t taken, length = json_step(step, cases[i][0], strlen(cases[i][0]), &taken);

		assert_int_equal(taken, strlen(cases[i][0]));
		assert_int_equal(length, strlen(cases[i][1]));
		assert_memory_equal(step, cases[i][1], length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_quote),
	        cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
