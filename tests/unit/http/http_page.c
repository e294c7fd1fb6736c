/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the landing page and its files over loopback sockets. */
#include "exporter/http/page/landing.h"
#include "tests/unit/http/http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_landing(void **state)
{
	struct fixture *fixture = *state;
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", "text/html; charset=utf-8");
	assert_header(&answer, "Content-Security-Policy",
	              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
	              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	              "require-trusted-types-for 'script'; trusted-types 'none'");
	assert_header(&answer, "X-Content-Type-Options", "nosniff");
	assert_header(&answer, "Referrer-Policy", "no-referrer");
	assert_header(&answer, "Cache-Control", "no-store");
	assert_true(http_answer_has(&answer, "<a href=\"./metrics\">"));
	http_answer_release(&answer);
}

static void test_page_file(void **state)
{
	struct fixture *fixture = *state;
	const struct page_file *file = landing_file("/page.css");
	struct http_answer answer;

	http_exchange(fixture->port, "GET", "/page.css", "", &answer);
	assert_status_line(&answer, "HTTP/1.1 200 OK");
	assert_header(&answer, "Content-Type", "text/css; charset=utf-8");
	assert_header(&answer, "X-Content-Type-Options", "nosniff");
	assert_header(&answer, "Cache-Control", "no-store");
	assert_int_equal(answer.length, file->length);
	assert_memory_equal(answer.body, file->data, file->length);
	http_answer_release(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_landing),
	        TEST(test_page_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
