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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
