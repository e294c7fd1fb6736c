/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of UTF-16 to UTF-8: characters of every length, and lone surrogates. */
#include "exporter/platform/windows/utf16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LOST      "\xef\xbf\xbd"
#define UNITS_MAX 8

static void test_characters(void **state)
{
	static const struct {
		uint16_t units[UNITS_MAX];
		size_t count;
		const char *utf8;
	} cases[] = {
	        {{0}, 0, ""},
	        {{'a', 'B', '.'}, 3, "aB."},
	        {{0x7f, 0x80}, 2, "\x7f\xc2\x80"},
	        {{0x7ff, 0x800}, 2, "\xdf\xbf\xe0\xa0\x80"},
	        {{0xffff}, 1, "\xef\xbf\xbf"},
	        {{0xd83d, 0xdca9}, 2, "\xf0\x9f\x92\xa9"},
	        {{0xd800, 0xdc00, 0xdbff, 0xdfff}, 4, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	        {{0xd800}, 1, LOST},
	        {{0xdc00}, 1, LOST},
	        {{0xd800, 'x'}, 2, LOST "x"},
	        {{0xdc00, 0xd800, 0xdc00}, 3, LOST "\xf0\x90\x80\x80"},
	        {{0xd800, 0xd800, 0xdc00}, 3, LOST "\xf0\x90\x80\x80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char utf8[UTF16_AS_UTF8_MAX(UNITS_MAX)];
		size_t length = utf16_to_utf8(utf8, cases[i].units, cases[i].count);

		assert_int_equal(length, strlen(cases[i].utf8));
		assert_memory_equal(utf8, cases[i].utf8, length);
		assert_true(length <= UTF16_AS_UTF8_MAX(cases[i].count));
	}
}

static void test_length(void **state)
{
	static const uint16_t text[] = {'a', 'b', 0, 'c'};

	(void)state;
	assert_int_equal(utf16_length(text, 4), 2);
	assert_int_equal(utf16_length(text, 2), 2);
	assert_int_equal(utf16_length(text + 3, 1), 1);
	assert_int_equal(utf16_length(text, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_characters),
	        cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
