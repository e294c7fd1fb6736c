/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of arguments that stand for the lines of a file. */
#include "exporter/cli/arguments.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char file_name[] = "arguments.txt", message[256];

static void write_file(const char *text)
{
	FILE *file = fopen(file_name, "wb");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
	assert_int_equal(fclose(file), 0);
}

static void test_lines(void **state)
{
	static const char *const argv[] = {"--first", "@arguments.txt", "--last"};
	static const char *const expected[] = {"--first", "--a=b c", "--d", "value", "@e", "--last"};
	struct arguments arguments;

	(void)state;
	write_file("\xef\xbb\xbf--a=b c\r\n\n# a comment\n--d\nvalue\n@e");
	assert_int_equal(arguments_read(&arguments, 3, argv, message, sizeof(message)), 0);
	assert_int_equal(arguments.count, 6);
	for (int i = 0; i < 6; i++)
		assert_string_equal(arguments.items[i], expected[i]);
	arguments_release(&arguments);
	assert_int_equal(remove(file_name), 0);
}

static void test_no_file(void **state)
{
	static const char *const argv[] = {"@no-such-file"};
	struct arguments arguments;

	(void)state;
	assert_int_equal(arguments_read(&arguments, 1, argv, message, sizeof(message)), -ENOENT);
	assert_string_equal(message, "cannot read \"no-such-file\", which an argument names with @: "
	                             "No such file or directory");
	arguments_release(&arguments);
}

static void test_none(void **state)
{
	struct arguments arguments;

	(void)state;
	assert_int_equal(arguments_read(&arguments, 0, NULL, message, sizeof(message)), 0);
	assert_int_equal(arguments.count, 0);
	arguments_release(&arguments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_no_file),
	        cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
