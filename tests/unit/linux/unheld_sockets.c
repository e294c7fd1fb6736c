/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of unheld sockets: their possible kinds, by the kernel's counts around a walk over files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf/unheld_sockets.h"

static bool same_listeners;

static enum unheld_kind expected(uint64_t in_use_before, uint64_t opened, uint64_t time_wait, uint64_t held)
{
	const struct socket_counts before = {.in_use = in_use_before, .opened = 1000};
	const struct socket_counts after = {.time_wait = time_wait, .opened = 1000 + opened};

	return unheld_sockets_expected(&before, &after, held, same_listeners);
}

static void all_sockets_are_held(void **state)
{
	(void)state;
	assert_int_equal(expected(0, 0, 0, 0), UNHELD_NONE);
	assert_int_equal(expected(10, 0, 0, 10), UNHELD_NONE);
	assert_int_equal(expected(10, 2, 0, 12), UNHELD_NONE);
}

static void minisockets_are_counted_apart(void **state)
{
	(void)state;
	assert_int_equal(expected(10, 0, 1, 10), UNHELD_MINISOCKETS);
	assert_int_equal(expected(10, 0, 50000, 10), UNHELD_MINISOCKETS);
}

static void a_socket_is_missing(void **state)
{
	(void)state;
	assert_int_equal(expected(10, 0, 0, 9), UNHELD_ANY);
	assert_int_equal(expected(10, 0, 5, 9), UNHELD_ANY);
	/* A connection was opened. The walk may have found it instead of a hidden socket. */
	assert_int_equal(expected(10, 1, 0, 10), UNHELD_ANY);
}

/* The walk may have found the listener instead of a hidden socket. */
static void a_listener_is_new(void **state)
{
	(void)state;
	same_listeners = false;
	assert_int_equal(expected(10, 0, 0, 10), UNHELD_ANY);
	assert_int_equal(expected(10, 0, 5, 11), UNHELD_ANY);
}

static int set_up(void **state)
{
	(void)state;
	same_listeners = true;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(all_sockets_are_held, set_up),
	        cmocka_unit_test_setup(minisockets_are_counted_apart, set_up),
	        cmocka_unit_test_setup(a_socket_is_missing, set_up),
	        cmocka_unit_test_setup(a_listener_is_new, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
