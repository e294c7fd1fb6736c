/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the endpoint with concurrent requests: shared snapshots, time limits, clients that leave, the stop. */
#include "tests/unit/http/http_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)
#define LINE   "text/plain; charset=utf-8"

static void open_and_send(struct fixture *fixture, struct http_client *clients, size_t count, const char *request)
{
	for (size_t i = 0; i < count; i++) {
		http_client_open(&clients[i], fixture->ports[i % SOCKETS]);
		http_client_send(&clients[i], request);
	}
}

/* A request is in flight once a health probe that came after it on the same socket is answered. */
static void let_arrive(struct fixture *fixture)
{
	for (size_t i = 0; i < SOCKETS; i++) {
		struct http_answer answer;

		http_exchange(fixture->ports[i], "GET", "/healthz", "", &answer);
		assert_string_equal(answer.body, "ok\n");
		http_answer_release(&answer);
	}
}

static void read_and_close(struct http_client *client, unsigned status, const char *text)
{
	struct http_answer answer;

	http_client_read(client, &answer, false);
	if (answer.status != status || !http_answer_has(&answer, text))
		fail_msg("expected %u with '%s', got %s%s", status, text, answer.head, answer.body);
	http_answer_release(&answer);
	http_client_close(client);
}

static void test_overlapping_scrapes_share_a_snapshot(void **state)
{
	enum { CLIENTS = 10 };
	struct fixture *fixture = *state;
	struct http_client clients[CLIENTS];

	fake_block(fixture->fake, false);
	open_and_send(fixture, clients, CLIENTS, GET_METRICS);
	fake_wait_reads(fixture->fake, 2);
	let_arrive(fixture); /* /healthz answers during a snapshot */
	fake_release(fixture->fake);
	for (size_t i = 0; i < CLIENTS; i++)
		read_and_close(&clients[i], 200, "\ntcp_exporter_scrapes_total 1\n");
	assert_int_equal(fake_reads(fixture->fake), 2);
}

static void test_readiness(void **state)
{
	struct fixture *fixture = *state;

	fake_block(fixture->fake, false);
	fixture_start(fixture, "/metrics", METRICS_ALL);
	http_expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
	http_expect(fixture, "GET", "/readyz", "", "HTTP/1.1 503 Service Unavailable", "no snapshot was taken yet\n");
	fake_release(fixture->fake);
	fixture_wait_until_ready(fixture);
	http_expect(fixture, "GET", "/readyz", "", "HTTP/1.1 200 OK", "ready\n");
	fake_fail(fixture->fake, EMFILE);
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 503 Service Unavailable", "scrape failed: cannot read");
	http_expect(fixture, "GET", "/readyz", "", "HTTP/1.1 503 Service Unavailable", "cannot read the fake table");
}

static void test_failure_is_told_and_counted(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	fake_fail(fixture->fake, EMFILE);
	http_exchange(fixture->port, "GET", "/metrics", "Accept-Encoding: gzip\r\n", &answer);
	assert_status_line(&answer, "HTTP/1.1 503 Service Unavailable");
	assert_header(&answer, "Content-Type", LINE);
	assert_header(&answer, "Content-Encoding", NULL);
	assert_true(http_answer_has(&answer, "scrape failed: cannot read the fake table \"x\": "));
	assert_int_equal(answer.body[answer.length - 1], '\n');
	http_answer_release(&answer);
	fake_fail(fixture->fake, 0);
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK",
	            "tcp_exporter_scrape_errors_total{cause=\"descriptors\"} 1\n");
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK",
	            "tcp_exporter_http_requests_total{code=\"503\"} 1\n");
}

static void test_timeout_header(void **state)
{
	struct fixture *fixture = *state;
	uint64_t start_ns = platform_now_ns(), time_ns;

	fake_block(fixture->fake, true);
	http_expect(fixture, "GET", "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 3\r\n",
	            "HTTP/1.1 503 Service Unavailable", "scrape timed out: no snapshot within 2.");
	time_ns = platform_now_ns() - start_ns;
	assert_true(time_ns >= SECOND * 27 / 10);
	assert_true(time_ns < SECOND * 30); /* less than 3 s, unless the machine is busy */
	http_expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
	fake_release(fixture->fake);
	http_expect(fixture, "GET", "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 10.000000\r\n", "HTTP/1.1 200 OK",
	            "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
}

static void test_max_requests(void **state)
{
	struct fixture *fixture = *state;
	struct http_client clients[MAX_REQUESTS];

	fake_block(fixture->fake, false);
	open_and_send(fixture, clients, MAX_REQUESTS, GET_METRICS);
	let_arrive(fixture);
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 503 Service Unavailable",
	            "too many requests for metrics at once: the limit is 12\n");
	http_expect(fixture, "GET", "/", "", "HTTP/1.1 200 OK", "<html");
	fake_release(fixture->fake);
	for (size_t i = 0; i < MAX_REQUESTS; i++)
		read_and_close(&clients[i], 200, "tcp_sockets");
	for (size_t i = 0; i < 2 * (size_t)MAX_REQUESTS; i++) /* each place is free again */
		http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK", "tcp_sockets");
}

static void test_client_that_leaves(void **state)
{
	struct fixture *fixture = *state;
	struct http_client clients[MAX_REQUESTS];

	for (int round = 0; round < 3; round++) {
		fake_block(fixture->fake, false);
		open_and_send(fixture, clients, MAX_REQUESTS, GET_METRICS);
		let_arrive(fixture);
		for (size_t i = 0; i < MAX_REQUESTS; i++)
			http_client_close(&clients[i]);
		fake_release(fixture->fake);
		let_arrive(fixture);
		for (int tries = 0;; tries++) { /* until the places of the clients that left are free */
			const struct timespec pause = {0, 1000000};
			struct http_answer answer;
			unsigned status;

			http_exchange(fixture->port, "GET", "/metrics", "", &answer);
			status = answer.status;
			http_answer_release(&answer);
			if (status == 200)
				break;
			assert_true(tries < 10000);
			nanosleep(&pause, NULL);
		}
	}
}

/* ---- The stop ---- */

static void test_stop_in_flight(void **state)
{
	enum { CLIENTS = 6 };
	struct fixture *fixture = *state;
	struct http_client clients[CLIENTS], idle;
	struct http_answer answer;
	uint64_t start_ns;

	http_client_open(&idle, fixture->port);
	http_client_send(&idle, GET_HEALTHZ);
	http_client_read(&idle, &answer, false);
	http_answer_release(&answer);
	fake_block(fixture->fake, false);
	open_and_send(fixture, clients, CLIENTS, GET_METRICS);
	let_arrive(fixture);
	start_ns = platform_now_ns();
	fixture_stop(fixture);
	assert_true(platform_now_ns() - start_ns < SECOND);
	for (size_t i = 0; i < CLIENTS; i++)
		read_and_close(&clients[i], 503, "scrape failed: the exporter is stopping\n");
	assert_true(http_client_at_end(&idle));
	http_client_close(&idle);
}

/* No request that came before the stop sees a closed connection, however little of it the server has read. */
static void test_stop_at_once(void **state)
{
	struct fixture *fixture = *state;

	for (int round = 0; round < 10; round++) {
		struct http_client client;
		struct http_answer answer;

		fixture_start(fixture, "/metrics", METRICS_ALL);
		http_client_open(&client, fixture->port);
		http_client_send(&client, GET_HEALTHZ);
		fixture_stop(fixture);
		http_client_read(&client, &answer, false);
		assert_int_equal(answer.status, 200);
		http_answer_release(&answer);
		http_client_close(&client);
		scraper_free(fixture->scraper);
		fixture->scraper = NULL;
	}
}

static void test_stop_without_requests(void **state)
{
	struct fixture *fixture = *state;
	uint64_t start_ns = platform_now_ns();

	fixture_stop(fixture);
	assert_true(platform_now_ns() - start_ns < SECOND / 2);
}

static void test_start_without_descriptors(void **state)
{
	struct fixture *fixture = *state;
	struct http_options options = {.telemetry_path = "/metrics",
	                               .max_requests = MAX_REQUESTS,
	                               .families = METRICS_ALL,
	                               .scraper = fixture->scraper};
	struct rlimit limit, none;
	struct http_server *server;
	struct platform_error error = {""};
	uint16_t port;
	const int sockets[2] = {fixture_listen(&port), fixture_listen(&port)};

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_true(http_start(&server, &options, sockets, 2, &error) < 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_null(server);
	assert_non_null(strstr(error.text, "cannot start the HTTP server"));
	assert_int_equal(listen(sockets[1], 1), -1); /* taken over, and closed */
	http_expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_overlapping_scrapes_share_a_snapshot),
	        TEST_STOPPED(test_readiness),
	        TEST(test_failure_is_told_and_counted),
	        TEST(test_timeout_header),
	        TEST(test_max_requests),
	        TEST(test_client_that_leaves),
	        TEST(test_stop_in_flight),
	        TEST_STOPPED(test_stop_at_once),
	        TEST(test_stop_without_requests),
	        TEST(test_start_without_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
