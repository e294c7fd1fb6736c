/* SPDX-License-Identifier: Apache-2.0 */
/* Tests in which each allocation of a scrape fails once: a counted 503, and the next scrape succeeds. */
#include "tests/unit/failing_memory.h"
#include "tests/unit/scrape/scrape_client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Far more than a scrape makes. The loop ends at the first scrape without a failed allocation. */
enum { ALLOCATIONS_MAX = 2000 };

/* Starts a scraper that has allocated nothing for a scrape yet: its first snapshot fails at once. */
static void start_scraper(struct fixture *fixture)
{
	char reason[256] = "";

	fixture->fake = fake_new();
	fake_fail(fixture->fake, EPERM);
	fixture_start(fixture, METRICS_ALL);
	while (!reason[0])
		assert_false(scraper_ready(fixture->scraper, reason, sizeof(reason)));
	fake_fail(fixture->fake, 0);
}

static void stop_scraper(struct fixture *fixture)
{
	scraper_free(fixture->scraper);
	fake_free(fixture->fake);
}

/* Makes compressed and uncompressed scrapes in which allocation number `at` and the `count` - 1 after it fail. Returns
 * true if an allocation failed. */
static bool scrape_without_memory(struct fixture *fixture, int at, int count)
{
	struct client client;
	bool failed;

	client_init(&client);
	client.ticket.gzip = true;
	memory_fail(at, count);
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	failed = memory_failed();
	assert_int_equal(client.ticket.status, failed ? 503 : 200);
	if (failed && client.ticket.body)
		assert_true(client_has(&client, "scrape failed: "));
	else if (failed)
		assert_int_equal(client.ticket.length, 0);
	client_release(&client);
	return failed;
}

static int fail_at_each(int count)
{
	bool failed = true;
	int at;

	for (at = 0; failed && at < ALLOCATIONS_MAX; at++) {
		struct fixture fixture;

		start_scraper(&fixture);
		failed = scrape_without_memory(&fixture, at, count);
		scrape_expect(&fixture, 200,
		              failed ? "tcp_exporter_scrape_errors_total{cause=\"memory\"} 1\n"
		                     : "tcp_exporter_scrape_errors_total{cause=\"memory\"} 0\n");
		stop_scraper(&fixture);
	}
	return at;
}

static void test_one_allocation_fails(void **state)
{
	int allocations = fail_at_each(1);

	(void)state;
	assert_in_range(allocations, 10, ALLOCATIONS_MAX - 1);
}

/* The text of the reason cannot be allocated either. */
static void test_two_allocations_fail(void **state)
{
	(void)state;
	assert_in_range(fail_at_each(2), 10, ALLOCATIONS_MAX - 1);
}

/* In steady state a scrape allocates the copy of its body and nothing else. */
static void test_steady_state(void **state)
{
	struct fixture fixture;

	(void)state;
	start_scraper(&fixture);
	for (int i = 0; i < 3; i++)
		assert_false(scrape_without_memory(&fixture, ALLOCATIONS_MAX, 1));
	assert_false(scrape_without_memory(&fixture, 1, 1));
	assert_true(scrape_without_memory(&fixture, 0, 1));
	stop_scraper(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_one_allocation_fails),
	        cmocka_unit_test(test_two_allocations_fail),
	        cmocka_unit_test(test_steady_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
