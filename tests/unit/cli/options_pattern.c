/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of --collector.process-name-pattern. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/cli/parser.h"

#define FLAG "--collector.process-name-pattern"

static struct options options;
static char message[512];

static int parse(int argc, const char *const *argv)
{
	return options_parse(&options, argc, argv, message, sizeof(message));
}

static void test_patterns_add_up(void **state)
{
	static const char *const argv[] = {FLAG "=(a)", FLAG, "(?<name>b)"};

	(void)state;
	assert_int_equal(parse(3, argv), 0);
	assert_int_equal(options.name_pattern_count, 2);
	assert_string_equal(options.name_patterns[0], "(a)");
	assert_string_equal(options.name_patterns[1], "(?<name>b)");
	assert_int_equal(parse(0, NULL), 0);
	assert_int_equal(options.name_pattern_count, 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *argument, *message;
	} cases[] = {
	        {FLAG "=(", FLAG ": \"(\" is not a regular expression with a group for the name: "
	                         "missing closing parenthesis at offset 1"},
	        {FLAG "=java", FLAG ": \"java\" is not a regular expression with a group for the name: "
	                            "it needs one group (?<name>...), or any group (...)"},
	        {FLAG "=", FLAG ": \"\" is not a regular expression with a group for the name: "
	                        "it needs one group (?<name>...), or any group (...)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(1, &cases[i].argument), -EINVAL);
		assert_string_equal(message, cases[i].message);
	}
}

static void test_too_many(void **state)
{
	const char *argv[OPTIONS_MAX_NAME_PATTERNS + 1];

	(void)state;
	for (int i = 0; i <= OPTIONS_MAX_NAME_PATTERNS; i++)
		argv[i] = FLAG "=(a)";
	assert_int_equal(parse(OPTIONS_MAX_NAME_PATTERNS, argv), 0);
	assert_int_equal(options.name_pattern_count, OPTIONS_MAX_NAME_PATTERNS);
	assert_int_equal(parse(OPTIONS_MAX_NAME_PATTERNS + 1, argv), -EINVAL);
	assert_non_null(strstr(message, "more than 32 patterns"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_patterns_add_up),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
