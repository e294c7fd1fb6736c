/* SPDX-License-Identifier: Apache-2.0 */
/* Tests in which each allocation of a request fails once: the answer is 503, and the next request succeeds. */
#include "tests/unit/failing_memory.h"
#include "tests/unit/http/http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Far more than a request makes. The loop ends at the first request without a failed allocation. */
enum { ALLOCATIONS_MAX = 1000, TRIES_MAX = 5 };

/* Requests on a connection that has had an answer, so that the connection's own allocations do not fail. */
static void ask_without_memory(const struct fixture *fixture, const char *target, int at, int count,
                               struct http_answer *answer)
{
	struct http_client client;

	http_client_open(&client, fixture->port);
	http_client_send(&client, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	http_client_read(&client, answer, false);
	http_answer_release(answer);
	memory_fail(at, count);
	http_client_send(&client, "GET ");
	http_client_send(&client, target);
	http_client_send(&client, " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
	http_client_read(&client, answer, false);
	http_client_close(&client);
}

/* Asks once more if an allocation failed and the answer is good: another thread can have made it after the answer. A
 * request that succeeds without the memory does so each time. */
static bool ask_again_if_good(const struct fixture *fixture, const char *target, int at, int count,
                              struct http_answer *answer)
{
	bool failed = true;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		if (tries > 0)
			http_answer_release(answer);
		ask_without_memory(fixture, target, at, count, answer);
		failed = memory_failed();
		if (!failed || answer->status != 200)
			break;
	}
	return failed;
}

static int fail_at_each(struct fixture *fixture, const char *target, int count)
{
	bool failed = true;
	int at;

	for (at = 0; failed && at < ALLOCATIONS_MAX; at++) {
		struct http_answer answer;

		failed = ask_again_if_good(fixture, target, at, count, &answer);
		assert_status_line(&answer, failed ? "HTTP/1.1 503 Service Unavailable" : "HTTP/1.1 200 OK");
		if (failed) {
			assert_header(&answer, "Content-Type", "text/plain; charset=utf-8");
			assert_true(http_answer_has(&answer, "out of memory\n"));
		}
		http_answer_release(&answer);
		http_expect(fixture, "GET", target, "", "HTTP/1.1 200 OK", "");
	}
	return at;
}

static void test_metrics(void **state)
{
	/* at least the request and the copy of the body */
	assert_in_range(fail_at_each(*state, "/metrics", 1), 3, ALLOCATIONS_MAX - 1);
}

/* Without memory for the reason, the endpoint sends an answer that was made in advance. */
static void test_nothing_left(void **state)
{
	assert_in_range(fail_at_each(*state, "/metrics", 3), 3, ALLOCATIONS_MAX - 1);
}

static void test_pages(void **state)
{
	static const char *const targets[] = {"/", "/page.css", "/healthz", "/readyz"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		assert_in_range(fail_at_each(*state, targets[i], 1), 2, ALLOCATIONS_MAX - 1);
}

/* A connection without memory is closed, and the next connection is served. */
static void test_connections(void **state)
{
	struct fixture *fixture = *state;
	bool failed = true;

	for (int at = 0; failed; at++) {
		struct http_client client;

		memory_fail(at, 1);
		http_client_open(&client, fixture->port);
		http_client_send(&client, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		while (!http_client_at_end(&client))
			client.length = 0;
		http_client_close(&client);
		failed = memory_failed();
		http_expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_metrics),
	        TEST(test_nothing_left),
	        TEST(test_pages),
	        TEST(test_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
