/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint over loopback sockets: status lines, headers, bodies, overlap, limits and the end. */
#include "exporter/http.h"

#include "fake_platform.h"
#include "http_client.h"

#include "exporter/platform/host.h"
#include "metrics/catalog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <zlib.h>

#include <cmocka.h>

#define SECOND      UINT64_C(1000000000)
#define TEXT        "text/plain; version=0.0.4; charset=utf-8"
#define OPEN        "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define LINE        "text/plain; charset=utf-8"
#define GET_METRICS "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_HEALTHZ "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

enum { SOCKETS = 2, MAX_REQUESTS = 12 };

struct fixture {
	struct platform *fake;
	struct scraper *scraper;
	struct http_server *server;
	uint16_t ports[SOCKETS];
	uint16_t port; /* the first */
};

static int listen_anywhere(uint16_t *port)
{
	struct platform_error error = {""};
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int listener = host_listen("127.0.0.1:0", &error);

	if (listener < 0)
		fail_msg("%s", error.text);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return listener;
}

static void wait_until_ready(struct scraper *scraper)
{
	const struct timespec pause = {0, 1000000};
	char reason[256];

	for (int tries = 0; !scraper_ready(scraper, reason, sizeof(reason)); tries++) {
		if (tries == 10000)
			fail_msg("not ready: %s", reason);
		nanosleep(&pause, NULL);
	}
}

static void start(struct fixture *fixture, const char *telemetry_path, uint64_t families)
{
	const struct scraper_options scraper = {
	        .backend = &fake_backend,
	        .platform = fixture->fake,
	        .max_series = 10000,
	        .families = families,
	        .version = "1.2.3",
	        .revision = "abc",
	        .compiler = "cc",
	};
	struct http_options options = {telemetry_path, MAX_REQUESTS, families, NULL};
	struct platform_error error = {""};
	int sockets[SOCKETS];

	assert_int_equal(scraper_new(&fixture->scraper, &scraper), 0);
	options.scraper = fixture->scraper;
	for (size_t i = 0; i < SOCKETS; i++)
		sockets[i] = listen_anywhere(&fixture->ports[i]);
	fixture->port = fixture->ports[0];
	if (http_start(&fixture->server, &options, sockets, SOCKETS, &error))
		fail_msg("%s", error.text);
}

static void stop(struct fixture *fixture)
{
	if (!fixture->server)
		return;
	http_quiesce(fixture->server);
	scraper_stop(fixture->scraper);
	http_stop(fixture->server);
	fixture->server = NULL;
}

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
	struct fixture *fixture;

	set_up_stopped(state);
	fixture = *state;
	start(fixture, "/metrics", METRICS_ALL);
	wait_until_ready(fixture->scraper);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fake_release(fixture->fake);
	stop(fixture);
	scraper_free(fixture->scraper);
	fake_free(fixture->fake);
	free(fixture);
	return 0;
}

static void assert_header(const struct http_answer *answer, const char *name, const char *value)
{
	const char *got = http_answer_header(answer, name);

	if (!got != !value || (got && strcmp(got, value) != 0))
		fail_msg("%s: expected %s, got %s in\n%s", name, value ? value : "none", got ? got : "none",
		         answer->head);
}

static void assert_status_line(const struct http_answer *answer, const char *line)
{
	if (strncmp(answer->head, line, strlen(line)) != 0 || strncmp(answer->head + strlen(line), "\r\n", 2) != 0)
		fail_msg("expected %s, got\n%s%s", line, answer->head, answer->body);
}

/* An exchange whose answer must have this status line and, unless NULL, this text in the body. */
static void expect(struct fixture *fixture, const char *method, const char *target, const char *headers,
                   const char *status_line, const char *text)
{
	struct http_answer answer;

	http_exchange(fixture->port, method, target, headers, &answer);
	assert_status_line(&answer, status_line);
	if (text && !http_answer_has(&answer, text))
		fail_msg("%s %s: no '%s' in\n%s", method, target, text, answer.body);
	http_answer_release(&answer);
}

/* ---- One request at a time ---- */

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
	static const char *const targets[] = {"/metrics?collect[]=tcp_sockets", "/", "/healthz", "/readyz", "/nothing"};
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
	http_client_send(&client, GET_HEALTHZ); /* what follows the head is the next answer */
	http_client_read(&client, &answer, false);
	assert_string_equal(answer.body, "ok\n");
	http_answer_release(&answer);
	http_client_close(&client);
}

static void test_pages(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", "text/html; charset=utf-8");
	assert_header(&answer, "Content-Security-Policy",
	              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	assert_header(&answer, "X-Content-Type-Options", "nosniff");
	assert_true(http_answer_has(&answer, "<a href=\"/metrics\">"));
	http_answer_release(&answer);
	http_exchange(fixture->port, "GET", "/healthz", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", LINE);
	assert_string_equal(answer.body, "ok\n");
	http_answer_release(&answer);
	expect(fixture, "GET", "/readyz", "", "HTTP/1.1 200 OK", "ready\n");
}

static void test_metrics_at_the_root(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "/", METRICS_ALL);
	expect(fixture, "GET", "/", "", "HTTP/1.1 200 OK", "# TYPE tcp_connections gauge\n");
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 404 Not Found", "not found\n");
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
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK", "tcp_exporter_http_requests_total{code=\"404\"} 3\n");
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK", "tcp_exporter_http_requests_total{code=\"405\"} 3\n");
}

static void test_families(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/metrics?collect%5B%5D=tcp_sockets&other=1&collect[]=process_open_fds", "",
	              &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_true(http_answer_has(&answer, "tcp_sockets{"));
	assert_true(http_answer_has(&answer, "process_open_fds "));
	assert_false(http_answer_has(&answer, "# TYPE tcp_connections "));
	http_answer_release(&answer);
	http_exchange(fixture->port, "GET", "/metrics?exclude[]=tcp_sockets&exclude[]=tcp%5fconnections", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_true(http_answer_has(&answer, "process_open_fds "));
	assert_false(http_answer_has(&answer, "# TYPE tcp_connections "));
	assert_false(http_answer_has(&answer, "# TYPE tcp_sockets "));
	http_answer_release(&answer);
}

static void test_families_that_are_off(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "/metrics", METRICS_ALL & ~METRICS_OF_EXPORTER);
	expect(fixture, "GET", "/metrics?collect[]=process_open_fds", "", "HTTP/1.1 400 Bad Request",
	       "no such family: \"process_open_fds\"\n");
	expect(fixture, "GET", "/metrics?exclude[]=process_open_fds", "", "HTTP/1.1 200 OK", "tcp_sockets{");
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
	http_client_open(&client, fixture->port);
	http_client_send(&client, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	                          "3\r\nabc\r\n0\r\n\r\n");
	http_client_read(&client, &answer, false);
	assert_status_line(&answer, "HTTP/1.1 405 Method Not Allowed");
	http_answer_release(&answer);
	http_client_close(&client);
}

static void test_endless_body_is_cut_off(void **state)
{
	enum { PIECE = 16 * 1024, PIECES = 64 };
	struct fixture *fixture = *state;
	struct http_client client;
	char *piece = malloc(PIECE + 1);

	assert_non_null(piece);
	memset(piece, 'x', PIECE);
	piece[PIECE] = '\0';
	http_client_open(&client, fixture->port);
	http_client_send(&client, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
	for (int i = 0; i < PIECES; i++)
		http_client_send(&client, piece);
	assert_true(http_client_at_end(&client));
	http_client_close(&client);
	free(piece);
	expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
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
		assert_int_equal(answer.status, cases[i].status);
		http_answer_release(&answer);
		free(header);
	}
}

/* ---- Overlap, time and limits ---- */

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
	let_arrive(fixture); /* and so: health is told during a snapshot */
	fake_release(fixture->fake);
	for (size_t i = 0; i < CLIENTS; i++)
		read_and_close(&clients[i], 200, "\ntcp_exporter_scrapes_total 1\n");
	assert_int_equal(fake_reads(fixture->fake), 2);
}

static void test_readiness(void **state)
{
	struct fixture *fixture = *state;

	fake_block(fixture->fake, false);
	start(fixture, "/metrics", METRICS_ALL);
	expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
	expect(fixture, "GET", "/readyz", "", "HTTP/1.1 503 Service Unavailable", "no snapshot was taken yet\n");
	fake_release(fixture->fake);
	wait_until_ready(fixture->scraper);
	expect(fixture, "GET", "/readyz", "", "HTTP/1.1 200 OK", "ready\n");
	fake_fail(fixture->fake, EMFILE);
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 503 Service Unavailable", "scrape failed: cannot read");
	expect(fixture, "GET", "/readyz", "", "HTTP/1.1 503 Service Unavailable", "cannot read the fake table");
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
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK",
	       "tcp_exporter_scrape_errors_total{cause=\"descriptors\"} 1\n");
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK", "tcp_exporter_http_requests_total{code=\"503\"} 1\n");
}

static void test_timeout_header(void **state)
{
	struct fixture *fixture = *state;
	uint64_t start_ns = platform_now_ns(), time_ns;

	fake_block(fixture->fake, true);
	expect(fixture, "GET", "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n",
	       "HTTP/1.1 503 Service Unavailable", "scrape timed out: no snapshot within 1.35");
	time_ns = platform_now_ns() - start_ns;
	assert_true(time_ns >= SECOND * 135 / 100);
	assert_true(time_ns < SECOND * 150 / 100);
	expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
	fake_release(fixture->fake);
	expect(fixture, "GET", "/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 10.000000\r\n", "HTTP/1.1 200 OK",
	       "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 1\n");
}

static void test_max_requests(void **state)
{
	struct fixture *fixture = *state;
	struct http_client clients[MAX_REQUESTS];

	fake_block(fixture->fake, false);
	open_and_send(fixture, clients, MAX_REQUESTS, GET_METRICS);
	let_arrive(fixture);
	expect(fixture, "GET", "/metrics", "", "HTTP/1.1 503 Service Unavailable",
	       "too many requests for metrics at once: the limit is 12\n");
	expect(fixture, "GET", "/", "", "HTTP/1.1 200 OK", "<html");
	fake_release(fixture->fake);
	for (size_t i = 0; i < MAX_REQUESTS; i++)
		read_and_close(&clients[i], 200, "tcp_sockets");
	for (size_t i = 0; i < 2 * (size_t)MAX_REQUESTS; i++) /* each place is free again */
		expect(fixture, "GET", "/metrics", "", "HTTP/1.1 200 OK", "tcp_sockets");
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
		for (int tries = 0;; tries++) { /* until the places of those that left are free */
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

/* ---- The end ---- */

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
	stop(fixture);
	assert_true(platform_now_ns() - start_ns < SECOND);
	for (size_t i = 0; i < CLIENTS; i++)
		read_and_close(&clients[i], 503, "scrape failed: the exporter is stopping\n");
	assert_true(http_client_at_end(&idle));
	http_client_close(&idle);
}

static void test_stop_without_requests(void **state)
{
	struct fixture *fixture = *state;
	uint64_t start_ns = platform_now_ns();

	stop(fixture);
	assert_true(platform_now_ns() - start_ns < SECOND / 2);
}

static void test_start_that_fails(void **state)
{
	struct fixture *fixture = *state;
	struct http_options options = {"/metrics", MAX_REQUESTS, METRICS_ALL, fixture->scraper};
	struct http_server *server;
	struct platform_error error = {""};
	uint16_t port;
	int sockets[2] = {-1, listen_anywhere(&port)};
	int copy = sockets[1];

	sockets[0] = open("/dev/null", O_RDWR | O_CLOEXEC); /* no socket */
	assert_true(sockets[0] >= 0);
	assert_true(http_start(&server, &options, sockets, 2, &error) < 0);
	assert_null(server);
	assert_non_null(strstr(error.text, "cannot start the HTTP server"));
	assert_int_equal(listen(copy, 1), -1); /* taken over, and closed */
	expect(fixture, "GET", "/healthz", "", "HTTP/1.1 200 OK", "ok\n");
}

#define TEST(name)         cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_STOPPED(name) cmocka_unit_test_setup_teardown(name, set_up_stopped, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_metrics),
	        TEST(test_openmetrics),
	        TEST(test_second_socket),
	        TEST(test_head_has_the_headers_of_get),
	        TEST(test_head_has_no_body),
	        TEST(test_pages),
	        TEST_STOPPED(test_metrics_at_the_root),
	        TEST(test_refusals),
	        TEST(test_families),
	        TEST_STOPPED(test_families_that_are_off),
	        TEST(test_gzip),
	        TEST(test_keep_alive),
	        TEST(test_pipelining),
	        TEST(test_connection_close),
	        TEST(test_request_with_a_body),
	        TEST(test_endless_body_is_cut_off),
	        TEST(test_header_size),
	        TEST(test_overlapping_scrapes_share_a_snapshot),
	        TEST_STOPPED(test_readiness),
	        TEST(test_failure_is_told_and_counted),
	        TEST(test_timeout_header),
	        TEST(test_max_requests),
	        TEST(test_client_that_leaves),
	        TEST(test_stop_in_flight),
	        TEST(test_stop_without_requests),
	        TEST(test_start_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
