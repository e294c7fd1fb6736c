/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of /sockets: a list by labels, and what it shares with /metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/http/http_fixture.h"

#define OK          "HTTP/1.1 200 OK"
#define BAD_REQUEST "HTTP/1.1 400 Bad Request"

static void test_list(void **state)
{
	static const char begin[] = "{\"total\":3,\"sockets\":[\n{\"state\":\"close_wait\",";
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/sockets?state=close_wait", "", &answer);
	assert_status_line(&answer, OK);
	assert_header(&answer, "Content-Type", "application/json");
	assert_header(&answer, "Cache-Control", "no-store");
	assert_int_equal(strncmp(answer.body, begin, strlen(begin)), 0);
	assert_string_equal(answer.body + answer.length - 4, "\n]}\n");
	http_answer_release(&answer);
}

static void test_parameters(void **state)
{
	static const struct {
		const char *target, *status_line, *text;
	} cases[] = {
	        {"/sockets", OK, "{\"total\":4,"},
	        {"/sockets?process=server", OK, "{\"total\":4,"},
	        {"/sockets?process=serve%72&local_port=80&state=listen", OK, "{\"total\":1,"},
	        {"/sockets?state=listen&state=close_wait", OK, "{\"total\":4,"},
	        {"/sockets?process=serv", OK, "{\"total\":0,\"sockets\":[\n]}\n"},
	        {"/sockets?process=", OK, "{\"total\":0,"},
	        {"/sockets?process", OK, "{\"total\":0,"},
	        {"/sockets?local_port=81", OK, "{\"total\":0,"},
	        {"/sockets?local_port=ephemeral", OK, "{\"total\":0,"},
	        {"/sockets?local_port=", OK, "{\"total\":0,"},
	        {"/sockets?remote_port=80", OK, "{\"total\":0,"}, /* none is outbound */
	        {"/sockets?remote_port=", OK, "{\"total\":0,"},
	        {"/sockets?colour=red", OK, "{\"total\":4,"},
	        {"/sockets?state=open", BAD_REQUEST, "the argument state has no valid value\n"},
	        {"/sockets?state", BAD_REQUEST, "the argument state has no valid value\n"},
	        {"/sockets?local_port=x&state=y", BAD_REQUEST, "the argument local_port has no valid value\n"},
	        {"/sockets?local_port=65536", BAD_REQUEST, "the argument local_port has no valid value\n"},
	        {"/sockets?remote_port=-1", BAD_REQUEST, "the argument remote_port has no valid value\n"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		http_expect(fixture, "GET", cases[i].target, "", cases[i].status_line, cases[i].text);
}

static void test_methods(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer get, head;
	char *length;

	http_expect(fixture, "POST", "/sockets", "", "HTTP/1.1 405 Method Not Allowed", "use GET or HEAD");
	http_exchange(fixture->port, "GET", "/sockets", "", &get);
	http_exchange(fixture->port, "HEAD", "/sockets", "", &head);
	assert_int_equal(head.status, 200);
	assert_int_equal(head.length, 0);
	length = strdup(http_answer_header(&get, "Content-Length"));
	assert_header(&head, "Content-Length", length);
	free(length);
	http_answer_release(&get);
	http_answer_release(&head);
}

static void test_gzip(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/sockets", "Accept-Encoding: gzip\r\n", &answer);
	assert_header(&answer, "Content-Encoding", "gzip");
	assert_header(&answer, "Content-Type", "application/json");
	assert_memory_equal(answer.body, "\x1f\x8b", 2);
	http_answer_release(&answer);
}

static void test_failure(void **state)
{
	struct fixture *fixture = *state;

	fake_fail(fixture->fake, 12);
	http_expect(fixture, "GET", "/sockets", "", "HTTP/1.1 503 Service Unavailable", "scrape failed: ");
	http_expect(fixture, "GET", "/sockets", "X-Prometheus-Scrape-Timeout-Seconds: x\r\n", BAD_REQUEST, "positive");
}

/* Lists and metrics that wait for a snapshot share the next one. */
static void test_shared_snapshot(void **state)
{
	static const char get_sockets[] = "GET /sockets HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *fixture = *state;
	struct http_client clients[3];
	unsigned reads = fake_reads(fixture->fake);

	fake_block(fixture->fake, false);
	for (size_t i = 0; i < 3; i++)
		http_client_open(&clients[i], fixture->port);
	http_client_send(&clients[0], get_sockets);
	fake_wait_reads(fixture->fake, reads + 1);
	http_client_send(&clients[1], GET_METRICS);
	http_client_send(&clients[2], get_sockets);
	http_expect(fixture, "GET", "/healthz", "", OK, "ok\n"); /* the requests before it were read */
	fake_release(fixture->fake);
	for (size_t i = 0; i < 3; i++) {
		struct http_answer answer;

		http_client_read(&clients[i], &answer, false);
		assert_int_equal(answer.status, 200);
		assert_int_equal(strncmp(answer.body, i == 1 ? "# HELP" : "{\"total\":4,", 6), 0);
		http_answer_release(&answer);
		http_client_close(&clients[i]);
	}
	assert_in_range(fake_reads(fixture->fake), reads + 1, reads + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_list), TEST(test_parameters), TEST(test_methods),
	        TEST(test_gzip), TEST(test_failure),    TEST(test_shared_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
