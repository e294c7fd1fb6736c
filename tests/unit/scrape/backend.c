/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the way from options to an open platform: wanted facts, the choice of a backend, and its errors. */
#include "exporter/scrape/backend.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/parsed_options.h"

static void test_wants_to_serve(void **state)
{
	static const struct {
		const char *flag;
		unsigned want;
	} cases[] = {
	        {"--collector.shared-sockets", WANT_SHARED | WANT_CLOSE_WAIT_AGE},
	        {"--no-collector.shared-sockets", WANT_CLOSE_WAIT_AGE},
	        {"--collector.label=user", WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_USER},
	        {"--collector.label=exe", WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_EXE},
	        {"--collector.label=unit", WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_UNIT},
	        {"--collector.label=container", WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_CONTAINER},
	        {"--collector.label=pid", WANT_SHARED | WANT_CLOSE_WAIT_AGE},
	        {"--web.enable-sockets", WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_REMOTE_ADDRESSES},
	        {"--collector.closed-owners", WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_CLOSED_OWNERS},
	        {"--collector.label=local_address", WANT_SHARED | WANT_CLOSE_WAIT_AGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct options options = parsed_options(cases[i].flag, NULL);

		assert_int_equal(backend_wants_to_serve(&options), cases[i].want);
	}
}

static void test_wants_to_print(void **state)
{
	struct options options = parsed_options("--print-table", NULL);

	(void)state;
	assert_int_equal(backend_wants_to_print(&options), WANT_REMOTE_ADDRESSES);
	options = parsed_options("--print-table=json", "--collector.label=user");
	assert_int_equal(backend_wants_to_print(&options), WANT_REMOTE_ADDRESSES | WANT_CLOSE_WAIT_AGE);
	options = parsed_options("--print-table", "--print-table.port=80"); /* its order needs ages */
	assert_int_equal(backend_wants_to_print(&options), WANT_REMOTE_ADDRESSES | WANT_CLOSE_WAIT_AGE);
	options = parsed_options("--print-table=json", "--collector.closed-owners"); /* there were no notes yet */
	assert_int_equal(backend_wants_to_print(&options), WANT_REMOTE_ADDRESSES | WANT_CLOSE_WAIT_AGE);
	options = parsed_options("--print-table=replay", NULL);
	assert_int_equal(backend_wants_to_print(&options), WANT_USER | WANT_EXE | WANT_UNIT | WANT_CONTAINER |
	                                                           WANT_REMOTE_ADDRESSES | WANT_SHARED |
	                                                           WANT_CLOSE_WAIT_AGE);
}

static void test_auto_takes_a_real_backend(void **state)
{
	const struct options options = parsed_options(NULL, NULL);
	struct platform_error error = {""};
	struct open_backend open;

	(void)state;
	assert_int_equal(backend_open(&open, &options, 0, &error), 0);
	assert_ptr_not_equal(open.backend, &platform_replay);
	assert_non_null(open.platform);
	backend_close(&open);
	backend_close(&open); /* closed already */
}

static void test_replay(void **state)
{
	const struct options options = parsed_options("--collector.replay=/nonexistent", NULL);
	struct platform_error error = {""};
	struct open_backend open;

	(void)state;
	assert_int_equal(backend_open(&open, &options, 0, &error), -ENOENT);
	assert_ptr_equal(open.backend, &platform_replay);
	assert_null(open.platform);
	assert_string_equal(error.text, "cannot read \"/nonexistent\": No such file or directory");
}

static void test_unknown_name(void **state)
{
	struct options options = parsed_options(NULL, NULL);
	struct platform_error error = {""};
	struct open_backend open;

	(void)state;
	options.backend = "luck";
	assert_int_equal(backend_open(&open, &options, 0, &error), -EINVAL);
	assert_string_equal(error.text, "no backend has the name \"luck\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_wants_to_serve),
	        cmocka_unit_test(test_wants_to_print),
	        cmocka_unit_test(test_auto_takes_a_real_backend),
	        cmocka_unit_test(test_replay),
	        cmocka_unit_test(test_unknown_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
