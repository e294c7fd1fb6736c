/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the scraper on a fake backend: tickets, shared snapshots, deadlines, failures and the stop. */
#include "tests/unit/scrape/scrape_client.h"
#include "exporter/scrape/tickets/body.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>

#include <cmocka.h>

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

static int set_up_stopped(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->fake = fake_new();
	*state = fixture;
	return 0;
}

static int set_up(void **state)
{
	set_up_stopped(state);
	fixture_start(*state, METRICS_ALL);
	fixture_wait_until_ready(*state);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fake_release(fixture->fake);
	scraper_free(fixture->scraper);
	fake_free(fixture->fake);
	free(fixture);
	return 0;
}

static void test_first_snapshot_counts_nothing(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fake_reads(fixture->fake), 1);
	scrape_expect(fixture, 200, "\ntcp_exporter_scrapes_total 1\n");
	assert_int_equal(fake_reads(fixture->fake), 2);
	scrape_expect(fixture, 200, "\ntcp_exporter_scrapes_total 2\n");
	scrape_expect(fixture, 200, "tcp_sockets{state=\"close_wait\"} 3\n");
	scrape_expect(fixture, 200, "version=\"1.2.3\"");
	scrape_expect(fixture, 200, "tcp_exporter_backend_info{backend=\"fake\"} 1\n");
}

static void test_start_does_not_wait(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	char reason[64] = "unset";

	fake_block(fixture->fake, false);
	fixture_start(fixture, METRICS_ALL);
	assert_false(scraper_ready(fixture->scraper, reason, sizeof(reason)));
	assert_string_equal(reason, "");
	fake_wait_reads(fixture->fake, 1);
	client_init(&client);
	scraper_submit(fixture->scraper, &client.ticket);
	fake_release(fixture->fake);
	client_wait(&client);
	client_expect(&client, 200, "\ntcp_exporter_scrapes_total 1\n"); /* joined: counted */
	assert_int_equal(fake_reads(fixture->fake), 1);
	client_release(&client);
}

static void test_ready_follows_the_last_snapshot(void **state)
{
	struct fixture *fixture = *state;
	char reason[256];

	fake_fail(fixture->fake, EACCES);
	scrape_expect(fixture, 503, "scrape failed: cannot read the fake table");
	assert_false(scraper_ready(fixture->scraper, reason, sizeof(reason)));
	assert_non_null(strstr(reason, "cannot read the fake table"));
	fake_fail(fixture->fake, 0);
	scrape_expect(fixture, 200, "tcp_sockets");
	assert_true(scraper_ready(fixture->scraper, reason, sizeof(reason)));
}

static void test_failed_first_snapshot(void **state)
{
	struct fixture *fixture = *state;
	const struct timespec pause = {0, 1000000};
	char reason[256] = "";

	fake_fail(fixture->fake, EPERM);
	fixture_start(fixture, METRICS_ALL);
	for (int tries = 0; !reason[0] && tries < 10000; tries++) {
		assert_false(scraper_ready(fixture->scraper, reason, sizeof(reason)));
		nanosleep(&pause, NULL);
	}
	assert_non_null(strstr(reason, "cannot read the fake table"));
	fake_fail(fixture->fake, 0);
	scrape_expect(fixture, 200, "tcp_exporter_scrape_errors_total{cause=\"permission\"} 0\n");
}

static void test_overlapping_share_one_snapshot(void **state)
{
	enum { CLIENTS = 10 };
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	fake_block(fixture->fake, false);
	for (size_t i = 0; i < CLIENTS; i++) {
		client_init(&clients[i]);
		clients[i].ticket.format = i % 2 ? FORMAT_OPENMETRICS : FORMAT_TEXT;
		clients[i].ticket.gzip = i % 4 == 3;
		clients[i].ticket.families = i == 4 ? METRIC_BIT(METRIC_SOCKETS) : METRICS_ALL;
		scraper_submit(fixture->scraper, &clients[i].ticket);
		fake_wait_reads(fixture->fake, 2); /* after the first, the others come during the read */
	}
	fake_release(fixture->fake);
	for (size_t i = 0; i < CLIENTS; i++) {
		client_wait(&clients[i]);
		assert_int_equal(clients[i].ticket.status, 200);
		if (clients[i].ticket.gzip)
			assert_memory_equal(clients[i].ticket.body, "\x1f\x8b", 2);
		else
			assert_true(client_has(&clients[i], "tcp_sockets{state=\"close_wait\"} 3\n"));
		if (!clients[i].ticket.gzip)
			assert_int_equal(client_has(&clients[i], "# EOF\n"), i % 2);
		if (i == 4)
			assert_false(client_has(&clients[i], "tcp_connections"));
	}
	assert_ptr_equal(clients[0].ticket.body, clients[2].ticket.body);
	assert_ptr_not_equal(clients[0].ticket.body, clients[1].ticket.body);
	for (size_t i = 0; i < CLIENTS; i++)
		client_release(&clients[i]);
	assert_int_equal(body_total(), 0);
	assert_int_equal(fake_reads(fixture->fake), 2);
	scrape_expect(fixture, 200, "\ntcp_exporter_scrapes_total 2\n");
}

static void test_families_are_limited(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture_start(fixture, METRIC_BIT(METRIC_SOCKETS));
	client_init(&client);
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	client_expect(&client, 200, "tcp_sockets{");
	assert_false(client_has(&client, "tcp_connections"));
	client_release(&client);
}

/* Clients of a read that does not return are answered at the deadline. The read is counted when it ends. */
static void test_deadline_of_a_deaf_read(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	uint64_t deadline = platform_now_ns() + 100 * MS;

	fake_block(fixture->fake, true);
	client_init(&client);
	client.ticket.deadline_ns = deadline;
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	client_expect(&client, 503, "scrape timed out: no snapshot within 0.");
	assert_true(client.answered_ns >= deadline);
	assert_true(client.answered_ns < deadline + 5 * SECOND);
	client_release(&client);
	fake_release(fixture->fake);
	scrape_expect(fixture, 200, "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
	scrape_expect(fixture, 200, "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
}

/* A read without waiting clients is cancelled. The next client gets a new read. */
static void test_read_is_given_up(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fake_block(fixture->fake, false);
	client_init(&client);
	client.ticket.deadline_ns = platform_now_ns() + 50 * MS;
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	client_expect(&client, 503, "scrape timed out: ");
	client_release(&client);
	usleep(1100000); /* a read without waiting clients is cancelled after a second */
	client_init(&client);
	scraper_submit(fixture->scraper, &client.ticket);
	fake_wait_reads(fixture->fake, 3);
	fake_release(fixture->fake);
	client_wait(&client);
	client_expect(&client, 200, "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
	client_release(&client);
}

/* The short deadline of one client does not make the exporter unready. */
static void test_hurry_harms_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	char reason[64];

	fake_block(fixture->fake, false);
	client_init(&client);
	client.ticket.deadline_ns = platform_now_ns() + 10 * MS;
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	client_expect(&client, 503, "scrape timed out: ");
	client_release(&client);
	fake_release(fixture->fake);
	scrape_expect(fixture, 200, "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
	assert_true(scraper_ready(fixture->scraper, reason, sizeof(reason)));
}

static void test_latest_deadline_counts(void **state)
{
	struct fixture *fixture = *state;
	struct client hasty, calm;

	fake_block(fixture->fake, false);
	client_init(&hasty);
	client_init(&calm);
	hasty.ticket.deadline_ns = platform_now_ns() + 50 * MS;
	calm.ticket.deadline_ns = platform_now_ns() + 60 * SECOND;
	scraper_submit(fixture->scraper, &hasty.ticket);
	fake_wait_reads(fixture->fake, 2);
	scraper_submit(fixture->scraper, &calm.ticket);
	client_wait(&hasty);
	client_expect(&hasty, 503, "scrape timed out: ");
	fake_release(fixture->fake);
	client_wait(&calm);
	client_expect(&calm, 200, "tcp_sockets");
	assert_int_equal(fake_reads(fixture->fake), 2);
	scrape_expect(fixture, 200, "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
	client_release(&hasty);
	client_release(&calm);
}

static void test_deadline_long_past(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fake_block(fixture->fake, false);
	client_init(&client);
	client.ticket.deadline_ns = 1;
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	client_expect(&client, 503, "scrape timed out: ");
	client_release(&client);
	fake_release(fixture->fake);
	scrape_expect(fixture, 200, "tcp_sockets");
}

static void test_failures_are_counted_by_cause(void **state)
{
	static const struct {
		int error;
		const char *line;
	} cases[] = {
	        {ENOMEM, "tcp_exporter_scrape_errors_total{cause=\"memory\"} 1\n"},
	        {EMFILE, "tcp_exporter_scrape_errors_total{cause=\"descriptors\"} 1\n"},
	        {ENFILE, "tcp_exporter_scrape_errors_total{cause=\"descriptors\"} 2\n"},
	        {EACCES, "tcp_exporter_scrape_errors_total{cause=\"permission\"} 1\n"},
	        {EIO, "tcp_exporter_scrape_errors_total{cause=\"system\"} 1\n"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_fail(fixture->fake, cases[i].error);
		scrape_expect(fixture, 503, "scrape failed: cannot read the fake table \"x\": ");
		fake_fail(fixture->fake, 0);
		scrape_expect(fixture, 200, cases[i].line);
	}
	scrape_expect(fixture, 200, "\ntcp_exporter_scrapes_total 11\n");
}

static void test_requests_are_counted_by_code(void **state)
{
	struct fixture *fixture = *state;

	counters_add_request(scraper_counters(fixture->scraper), 200);
	counters_add_request(scraper_counters(fixture->scraper), 200);
	counters_add_request(scraper_counters(fixture->scraper), 404);
	counters_add_request(scraper_counters(fixture->scraper), 299);
	scrape_expect(fixture, 200, "tcp_exporter_http_requests_total{code=\"200\"} 2\n");
	scrape_expect(fixture, 200, "tcp_exporter_http_requests_total{code=\"404\"} 1\n");
	scrape_expect(fixture, 200, "tcp_exporter_http_requests_total{code=\"other\"} 1\n");
}

static void test_stop_answers_everybody(void **state)
{
	struct fixture *fixture = *state;
	struct client during, after;
	uint64_t start_ns;

	fake_block(fixture->fake, false);
	client_init(&during);
	client_init(&after);
	scraper_submit(fixture->scraper, &during.ticket);
	fake_wait_reads(fixture->fake, 2);
	start_ns = platform_now_ns();
	scraper_stop(fixture->scraper);
	assert_true(platform_now_ns() - start_ns < SECOND);
	client_wait(&during);
	client_expect(&during, 503, "scrape failed: the exporter is stopping\n");
	scraper_submit(fixture->scraper, &after.ticket);
	assert_int_equal(after.answers, 1);
	client_expect(&after, 503, "scrape failed: the exporter is stopping\n");
	client_release(&during);
	client_release(&after);
}

struct crowd {
	struct fixture *fixture;
	unsigned answered;
};

static void *scrape_often(void *data)
{
	struct crowd *crowd = data;

	for (int i = 0; i < 50; i++) {
		struct client client;

		client_init(&client);
		client.ticket.gzip = i % 2;
		client.ticket.format = i % 3 ? FORMAT_TEXT : FORMAT_OPENMETRICS;
		if (i % 5 == 0)
			client.ticket.deadline_ns = platform_now_ns() + MS / 10;
		scraper_submit(crowd->fixture->scraper, &client.ticket);
		counters_add_request(scraper_counters(crowd->fixture->scraper), 200);
		client_wait(&client);
		crowd->answered += client.ticket.status == 200 || client.ticket.status == 503;
		client_release(&client);
	}
	return NULL;
}

static void test_crowd(void **state)
{
	enum { THREADS = 6 };
	struct crowd crowds[THREADS];
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		crowds[i] = (struct crowd){*state, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, scrape_often, &crowds[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowds[i].answered, 50);
	}
}

#define TEST(name)         cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_STOPPED(name) cmocka_unit_test_setup_teardown(name, set_up_stopped, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_first_snapshot_counts_nothing),
	        TEST_STOPPED(test_start_does_not_wait),
	        TEST(test_ready_follows_the_last_snapshot),
	        TEST_STOPPED(test_failed_first_snapshot),
	        TEST(test_overlapping_share_one_snapshot),
	        TEST_STOPPED(test_families_are_limited),
	        TEST(test_deadline_of_a_deaf_read),
	        TEST(test_read_is_given_up),
	        TEST(test_hurry_harms_nobody),
	        TEST(test_latest_deadline_counts),
	        TEST(test_deadline_long_past),
	        TEST(test_failures_are_counted_by_cause),
	        TEST(test_requests_are_counted_by_code),
	        TEST(test_stop_answers_everybody),
	        TEST(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
