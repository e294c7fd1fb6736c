/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the endpoint over loopback sockets, one request at a time: status lines, headers, bodies, connections. */
#include "tests/unit/http/http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define TEXT "text/plain; version=0.0.4; charset=utf-8"
#define OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define LINE "text/plain; charset=utf-8"

static void test_metrics(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/metrics", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", TEXT);
	assert_header(&answer, "Vary", "Accept, Accept-Encoding");
	assert_header(&answer, "Cache-Control", "no-store");
	assert_header(&answer, "X-Content-Type-Options", "nosniff");
	assert_header(&answer, "Content-Encoding", NULL);
	assert_memory_equal(answer.body, "# HELP ", 7);
	assert_true(http_answer_has(&answer, "\ntcp_sockets{state=\"close_wait\"} 3\n"));
	http_answer_release(&answer);
}

static void test_openmetrics(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/metrics",
	              "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
	              "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n",
	              &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", OPEN "; escaping=allow-utf-8");
	assert_true(answer.length > 6 && strcmp(answer.body + answer.length - 6, "# EOF\n") == 0);
	http_answer_release(&answer);
}

static void test_second_socket(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->ports[1], "GET", "/metrics", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	http_answer_release(&answer);
}

static void test_head_has_the_headers_of_get(void **state)
{
	static const char *const targets[] = {
	        "/metrics?collect[]=tcp_sockets", "/", "/page.css", "/healthz", "/readyz", "/nothing"};
	static const char *const headers[] = {"Content-Type", "Content-Length", "Vary", "Cache-Control",
	                                      "Content-Security-Policy"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct http_answer get, head;

		http_exchange(fixture->port, "GET", targets[i], "", &get);
		http_exchange(fixture->port, "HEAD", targets[i], "", &head);
		assert_int_equal(get.status, head.status);
		for (size_t j = 0; j < sizeof(headers) / sizeof(headers[0]); j++) {
			const char *value = http_answer_header(&get, headers[j]);
			char copy[512];

			snprintf(copy, sizeof(copy), "%s", value ? value : "");
			assert_header(&head, headers[j], value ? copy : NULL);
		}
		http_answer_release(&get);
		http_answer_release(&head);
	}
}

static void test_head_has_no_body(void **state)
{
	struct fixture *fixture = *state;
	struct http_client client;
	struct http_answer answer;

	http_client_open(&client, fixture->port);
	http_client_send(&client, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	http_client_read(&client, &answer, true);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	http_answer_release(&answer);
	http_client_send(&client, GET_HEALTHZ); /* the next answer follows the head */
	http_client_read(&client, &answer, false);
	assert_string_equal(answer.body, "ok\n");
	http_answer_release(&answer);
	http_client_close(&client);
}

static void test_health(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/healthz", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", LINE);
	assert_string_equal(answer.body, "ok\n");
	http_answer_release(&answer);
	http_expect(fixture, "GET", "/readyz", "", "HTTP/1.1 200 OK", "ready\n");
}

static void test_metrics_at_the_root(void **state)
{
	struct fixture *fixture = *state;

	fixture_start(fixture, "/", METRICS_ALL);
	http_expect(fixture, "GET", "/", "", "HTTP/1.1 200 OK", "# TYPE tcp_connections gauge\n");
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 404 Not Found", "not found\n");
}

static void test_refusals(void **state)
{
	static const struct {
		const char *method, *target, *headers, *status, *body;
	} cases[] = {
	        {"GET", "/nothing", "", "HTTP/1.1 404 Not Found", "not found\n"},
	        {"GET", "/metrics/", "", "HTTP/1.1 404 Not Found", "not found\n"},
	        {"POST", "/nothing", "Content-Length: 0\r\n", "HTTP/1.1 404 Not Found", "not found\n"},
	        {"POST", "/metrics", "Content-Length: 0\r\n", "HTTP/1.1 405 Method Not Allowed",
	         "method not allowed: use GET or HEAD\n"},
	        {"DELETE", "/", "", "HTTP/1.1 405 Method Not Allowed", "method not allowed: use GET or HEAD\n"},
	        {"OPTIONS", "/healthz", "", "HTTP/1.1 405 Method Not Allowed", "method not allowed: use GET or HEAD\n"},
	        {"GET", "/metrics", "Accept: */*;q=0\r\n", "HTTP/1.1 406 Not Acceptable",
	         "not acceptable: there is text/plain and application/openmetrics-text\n"},
	        {"GET", "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 0\r\n", "HTTP/1.1 400 Bad Request",
	         "X-Prometheus-Scrape-Timeout-Seconds is not a positive number of seconds\n"},
	        {"GET", "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: ten\r\n", "HTTP/1.1 400 Bad Request",
	         "X-Prometheus-Scrape-Timeout-Seconds is not a positive number of seconds\n"},
	        {"GET", "/metrics?collect[]=tcp_socket", "", "HTTP/1.1 400 Bad Request",
	         "no such family: \"tcp_socket\"\n"},
	        {"GET", "/metrics?exclude[]=%0Aa%22%C3", "", "HTTP/1.1 400 Bad Request", "no such family: \"?a??\"\n"},
	        {"GET", "/metrics?collect[]", "", "HTTP/1.1 400 Bad Request", "no such family: \"\"\n"},
	        {"GET", "/metrics?collect[]=tcp_sockets&exclude[]=tcp_connections", "", "HTTP/1.1 400 Bad Request",
	         "collect[] and exclude[] cannot be used together\n"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer;

		http_exchange(fixture->port, cases[i].method, cases[i].target, cases[i].headers, &answer);
		assert_status_line(&answer, cases[i].status);
		assert_header(&answer, "Content-Type", LINE);
		assert_header(&answer, "Allow", answer.status == 405 ? "GET, HEAD" : NULL);
		assert_string_equal(answer.body, cases[i].body);
		http_answer_release(&answer);
	}
	assert_int_equal(fake_reads(fixture->fake), 1); /* none of them cost a snapshot */
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK",
	            "tcp_exporter_http_requests_total{code=\"404\"} 3\n");
	http_expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK",
	            "tcp_exporter_http_requests_total{code=\"405\"} 3\n");
}

static void test_families(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET",
	              "/metrics?collect%5B%5D=tcp_sockets&other=1&collect[]=process_start_time_seconds", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_true(http_answer_has(&answer, "tcp_sockets{"));
	assert_true(http_answer_has(&answer, "process_start_time_seconds "));
	assert_false(http_answer_has(&answer, "# TYPE tcp_connections "));
	http_answer_release(&answer);
	http_exchange(fixture->port, "GET", "/metrics?exclude[]=tcp_sockets&exclude[]=tcp%5fconnections", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_true(http_answer_has(&answer, "process_start_time_seconds "));
	assert_false(http_answer_has(&answer, "# TYPE tcp_connections "));
	assert_false(http_answer_has(&answer, "# TYPE tcp_sockets "));
	http_answer_release(&answer);
}

static void test_whole_urls(void **state)
{
	struct fixture *fixture = *state;

	http_expect(fixture, "GET", "http://x/metrics?collect[]=tcp_sockets", "", "HTTP/1.1 200 OK", "tcp_sockets{");
	http_expect(fixture, "GET", "http://x/page.css", "", "HTTP/1.1 200 OK", "{");
	http_expect(fixture, "GET", "http://x?y", "", "HTTP/1.1 200 OK", "<html");
}

static void test_families_that_are_off(void **state)
{
	struct fixture *fixture = *state;

	fixture_start(fixture, "/metrics", METRICS_ALL & ~METRICS_OF_EXPORTER);
	http_expect(fixture, "GET", "/metrics?collect[]=process_open_fds", "", "HTTP/1.1 400 Bad Request",
	            "no such family: \"process_open_fds\"\n");
	http_expect(fixture, "GET", "/metrics?exclude[]=process_open_fds", "", "HTTP/1.1 200 OK", "tcp_sockets{");
}

static void test_gzip(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer packed, plain;
	unsigned char bytes[64 * 1024];
	z_stream stream = {.next_out = bytes, .avail_out = sizeof(bytes)};
	const char *target = "/metrics?collect[]=tcp_connections";

	http_exchange(fixture->port, "GET", target, "Accept-Encoding: deflate, gzip;q=0.5\r\n", &packed);
	http_exchange(fixture->port, "GET", target, "Accept-Encoding: gzip;q=0, *\r\n", &plain);
	assert_header(&packed, "Content-Encoding", "gzip");
	assert_header(&packed, "Content-Type", TEXT);
	assert_header(&packed, "Vary", "Accept, Accept-Encoding");
	assert_header(&plain, "Content-Encoding", NULL);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (unsigned char *)packed.body;
	stream.avail_in = (unsigned)packed.length;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, plain.length);
	assert_memory_equal(bytes, plain.body, plain.length);
	inflateEnd(&stream);
	http_answer_release(&packed);
	http_answer_release(&plain);
}

/* ---- Connections ---- */

static void test_keep_alive(void **state)
{
	struct fixture *fixture = *state;
	struct http_client client;
	struct http_answer answer;

	http_client_open(&client, fixture->port);
	for (int i = 0; i < 20; i++) {
		http_client_send(&client, i % 2 ? GET_METRICS : "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
		http_client_read(&client, &answer, false);
		assert_int_equal(answer.status, i % 2 ? 200 : 404);
		http_answer_release(&answer);
	}
	http_client_close(&client);
}

static void test_pipelining(void **state)
{
	struct fixture *fixture = *state;
	struct http_client client;
	struct http_answer answer;

	http_client_open(&client, fixture->port);
	http_client_send(&client, GET_METRICS GET_HEALTHZ GET_METRICS GET_HEALTHZ);
	for (int i = 0; i < 4; i++) {
		http_client_read(&client, &answer, false);
		assert_status_line(&answer, "HTTP/1.1 200 OK");
		assert_header(&answer, "Content-Type", i % 2 ? LINE : TEXT);
		http_answer_release(&answer);
	}
	http_client_close(&client);
}

static void test_connection_close(void **state)
{
	struct fixture *fixture = *state;
	struct http_client client;
	struct http_answer answer;

	http_client_open(&client, fixture->port);
	http_client_send(&client, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	http_client_read(&client, &answer, false);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Connection", "close");
	assert_true(http_client_at_end(&client));
	http_answer_release(&answer);
	http_client_close(&client);
}

static void test_request_with_a_body(void **state)
{
	struct fixture *fixture = *state;
	struct http_client client;
	struct http_answer answer;

	http_client_open(&client, fixture->port);
	http_client_send(&client, "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /" GET_HEALTHZ);
	http_client_read(&client, &answer, false);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", TEXT);
	http_answer_release(&answer);
	http_client_read(&client, &answer, false);
	assert_string_equal(answer.body, "ok\n");
	http_answer_release(&answer);
	http_client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_metrics),
	        TEST(test_openmetrics),
	        TEST(test_second_socket),
	        TEST(test_head_has_the_headers_of_get),
	        TEST(test_head_has_no_body),
	        TEST(test_health),
	        TEST_STOPPED(test_metrics_at_the_root),
	        TEST(test_refusals),
	        TEST(test_families),
	        TEST(test_whole_urls),
	        TEST_STOPPED(test_families_that_are_off),
	        TEST(test_gzip),
	        TEST(test_keep_alive),
	        TEST(test_pipelining),
	        TEST(test_connection_close),
	        TEST(test_request_with_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
