/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the decision to dump all sockets for unseen ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf/unmet.h"

static struct unmet unmet;

static int set_up(void **state)
{
	(void)state;
	memset(&unmet, 0, sizeof(unmet));
	return 0;
}

/* Of a scrape that met `met` sockets: `before` and `after` in use, `opened` meanwhile. */
static bool expected(uint64_t before, uint64_t after, uint64_t opened, uint64_t met)
{
	const struct unmet_counts first = {.in_use = before, .opened = 1000};
	const struct unmet_counts second = {.in_use = after, .opened = 1000 + opened};

	return unmet_expected(&unmet, &first, &second, met);
}

static void dump_finds(const uint64_t *keys, size_t count)
{
	unmet_begin_dump(&unmet);
	for (size_t i = 0; i < count; i++)
		unmet_found(&unmet, keys[i]);
	unmet_end_dump(&unmet);
}

static void a_host_that_holds_still(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * UNMET_DOUBTS_MAX; i++) {
		assert_false(expected(100, 100, 0, 100));
		assert_true(expected(100, 100, 0, 99)); /* each time */
	}
}

static void what_counts_can_prove(void **state)
{
	(void)state;
	assert_false(expected(100, 60, 0, 100)); /* all were met, then closed */
	assert_false(expected(100, 90, 20, 120));
	assert_true(expected(100, 130, 20, 109)); /* more than were opened */
}

/* In doubt: one dump, which finds nobody; the next one comes much later. */
static void doubt_is_paid_for_now_and_then(void **state)
{
	unsigned dumps = 0;

	(void)state;
	for (int i = 0; i < 10 * UNMET_DOUBTS_MAX; i++) {
		if (expected(100, 101, 20, 95)) {
			dumps++;
			dump_finds(NULL, 0);
		}
	}
	assert_int_equal(dumps, 10);
}

/* Connections that came up during the dump are others at the next one: two dumps, not one a scrape. */
static void young_connections_are_not_hidden(void **state)
{
	unsigned dumps = 0;

	(void)state;
	for (uint64_t key = 0; key < 20 * UNMET_DOUBTS_MAX; key += 2) {
		const uint64_t keys[2] = {key, key + 1};

		if (expected(100, 101, 20, 95)) {
			dumps++;
			dump_finds(keys, 2);
		}
	}
	assert_in_range(dumps, 10, 22);
}

/* What stays is asked for each time, beside whatever comes and goes. */
static void a_hidden_socket_is_in_every_scrape(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 3 * UNMET_DOUBTS_MAX; i++) {
		const uint64_t keys[3] = {1000 + i, 7, 2000 + i};

		assert_true(expected(100, 101, 20, 95));
		dump_finds(keys, 3);
	}
	assert_int_equal(unmet.key_count, 1);
	assert_true(expected(100, 101, 20, 95));
	dump_finds((const uint64_t[]){7}, 1);
	assert_true(expected(100, 95, 20, 95)); /* as many as were met, since others closed */
	dump_finds(NULL, 0);                    /* gone */
	assert_int_equal(unmet.key_count, 0);
}

static void more_than_can_be_kept(void **state)
{
	(void)state;
	for (int dump = 0; dump < 3; dump++) {
		unmet_begin_dump(&unmet);
		for (uint64_t key = 0; key < 2 * UNMET_KEYS_MAX; key++)
			unmet_found(&unmet, key);
		unmet_end_dump(&unmet);
		assert_int_equal(unmet.key_count, UNMET_KEYS_MAX);
		assert_true(expected(100, 101, 20, 95));
	}
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(a_host_that_holds_still),
	        CASE(what_counts_can_prove),
	        CASE(doubt_is_paid_for_now_and_then),
	        CASE(young_connections_are_not_hidden),
	        CASE(a_hidden_socket_is_in_every_scrape),
	        CASE(more_than_can_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
