/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the flags that select what --print-table prints. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exporter/cli/parser.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct options options;
static char message[512];

static int parse(int argc, const char *const *argv)
{
	return options_parse(&options, argc, argv, message, sizeof(message));
}

static void test_selection(void **state)
{
	static const char *const argv[] = {"--print-table=json",
	                                   "--print-table.process=(none)",
	                                   "--print-table.wide",
	                                   "--print-table.port=443",
	                                   "--print-table.state=listen",
	                                   "--print-table.state",
	                                   "close_wait"};

	(void)state;
	assert_int_equal(parse(COUNT(argv), argv), 0);
	assert_int_equal(options.action, ACTION_PRINT_TABLE);
	assert_int_equal(options.table.format, TABLE_JSON);
	assert_string_equal(options.table.process, "(none)");
	assert_int_equal(options.table.port, 443);
	assert_int_equal(options.table.states, STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_CLOSE_WAIT));
	assert_true(options.table.wide);
	assert_true(table_is_special(&options.table));
}

/* Each of them alone prints a table. */
static void test_implied_table(void **state)
{
	static const char *const arguments[] = {"--print-table.process=a", "--print-table.port=1",
	                                        "--print-table.state=listen", "--print-table.wide"};

	(void)state;
	for (int i = 0; i < COUNT(arguments); i++) {
		assert_int_equal(parse(1, &arguments[i]), 0);
		assert_int_equal(options.action, ACTION_PRINT_TABLE);
		assert_int_equal(options.table.format, TABLE_TEXT);
		assert_true(table_is_special(&options.table));
	}
}

static void test_none(void **state)
{
	static const char *const narrow = "--no-print-table.wide", *const plain = "--print-table";

	(void)state;
	assert_int_equal(parse(1, &narrow), 0);
	assert_int_equal(options.action, ACTION_SERVE);
	assert_int_equal(parse(1, &plain), 0);
	assert_int_equal(options.action, ACTION_PRINT_TABLE);
	assert_false(table_is_special(&options.table));
}

static void test_refused(void **state)
{
	static const char *const recording[] = {"--print-table=replay", "--print-table.port=1"};
	static const struct {
		const char *argument, *message;
	} cases[] = {
	        {"--print-table.port=0", "--print-table.port: \"0\" is not a number from 1 to 65535"},
	        {"--print-table.port=65536", "--print-table.port: \"65536\" is not a number from 1 to 65535"},
	        {"--print-table.state=CLOSE_WAIT",
	         "--print-table.state: \"CLOSE_WAIT\" is not one of established, syn_sent, syn_recv, fin_wait1, "
	         "fin_wait2, time_wait, closed, close_wait, last_ack, listen, closing, delete_tcb"},
	};

	(void)state;
	for (int i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(1, &cases[i].argument), -EINVAL);
		assert_string_equal(message, cases[i].message);
	}
	assert_int_equal(parse(2, recording), -EINVAL);
	assert_string_equal(message, "--print-table: \"replay\" prints every socket: leave out --print-table.process, "
	                             ".state, .port and .wide");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_selection),
	        cmocka_unit_test(test_implied_table),
	        cmocka_unit_test(test_none),
	        cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
