/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of growing buffers: calls that need a larger buffer each time, one that never succeeds, one that fails. */
#include "exporter/platform/windows/tables/growing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A table that grows by `step` between two calls. */
struct table {
	size_t size, step;
	unsigned calls;
	int result; /* of a call with room enough */
};

static int fetch(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct table *table = data;

	table->calls++;
	*needed = table->size;
	if (capacity < table->size) {
		table->size += table->step;
		return -ENOBUFS;
	}
	memset(bytes, 'x', table->size);
	return table->result;
}

static void test_first_try(void **state)
{
	struct growing growing = {NULL, 0};
	struct table table = {.size = 10};

	(void)state;
	assert_int_equal(growing_fetch(&growing, fetch, &table), 0);
	assert_int_equal(table.calls, 1);
	assert_memory_equal(growing.bytes, "xxxxxxxxxx", 10);
	growing_release(&growing);
	assert_null(growing.bytes);
}

static void test_growth(void **state)
{
	struct growing growing = {NULL, 0};
	struct table table = {.size = 100000, .step = 40000};

	(void)state;
	assert_int_equal(growing_fetch(&growing, fetch, &table), 0);
	assert_in_range(table.calls, 2, 4);
	assert_true(growing.capacity >= table.size);
	table.calls = 0; /* the grown buffer is kept, so one call suffices */
	assert_int_equal(growing_fetch(&growing, fetch, &table), 0);
	assert_int_equal(table.calls, 1);
	growing_release(&growing);
}

/* Asks for no more room than the buffer has, and refuses the buffer. */
static int never_enough(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct table *table = data;

	(void)bytes;
	table->calls++;
	*needed = table->step != 0 ? capacity + table->step : 0;
	return -ENOBUFS;
}

static void test_bounded(void **state)
{
	static const size_t steps[] = {0, 1, 100};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct growing growing = {NULL, 0};
		struct table table = {.step = steps[i]};

		assert_int_equal(growing_fetch(&growing, never_enough, &table), -EINTR);
		assert_in_range(table.calls, 2, 20);
		growing_release(&growing);
	}
}

static void test_failure(void **state)
{
	struct growing growing = {NULL, 0};
	struct table table = {.size = 10, .result = -EACCES};

	(void)state;
	assert_int_equal(growing_fetch(&growing, fetch, &table), -EACCES);
	assert_int_equal(table.calls, 1);
	growing_release(&growing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_first_try),
	        cmocka_unit_test(test_growth),
	        cmocka_unit_test(test_bounded),
	        cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
