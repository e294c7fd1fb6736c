/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the common parts of backends: the clock, the deadline of a read, error texts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "exporter/platform/platform.h"

static void test_clock(void **state)
{
	const struct timespec nap = {.tv_nsec = 20 * 1000 * 1000};
	uint64_t before = platform_now_ns(), after;

	(void)state;
	nanosleep(&nap, NULL);
	after = platform_now_ns();
	assert_true(after - before >= 20 * UINT64_C(1000000));
	assert_true(after - before < 20 * UINT64_C(1000000000));
}

static void test_deadline(void **state)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};

	(void)state;
	assert_int_equal(deadline_check(&deadline), 0);
	atomic_store(&deadline.expires_ns, platform_now_ns() + UINT64_C(60000000000));
	assert_int_equal(deadline_check(&deadline), 0);
	atomic_store(&deadline.expires_ns, platform_now_ns());
	assert_int_equal(deadline_check(&deadline), -ETIMEDOUT);
	atomic_store(&deadline.expires_ns, UINT64_MAX); /* a deadline can be extended */
	assert_int_equal(deadline_check(&deadline), 0);
	atomic_store(&deadline.cancelled, true);
	assert_int_equal(deadline_check(&deadline), -ECANCELED);
	atomic_store(&deadline.expires_ns, 0); /* cancellation has priority */
	assert_int_equal(deadline_check(&deadline), -ECANCELED);
}

static void test_error(void **state)
{
	struct platform_error error;
	char text[1000];

	(void)state;
	platform_error_set(&error, "cannot read \"%s\": %d", "x", 7);
	assert_string_equal(error.text, "cannot read \"x\": 7");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	platform_error_set(&error, "%s", text);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_clock),
	        cmocka_unit_test(test_deadline),
	        cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
