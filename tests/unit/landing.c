/* SPDX-License-Identifier: Apache-2.0 */
/* The landing page: what it links to, and that texts are escaped. */
#include "exporter/landing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A page is a few kilobytes. */
enum { LIMIT = 64 * 1024 };

static void test_page(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, LIMIT);
	landing_write(&out, "1.2.3", "/tcp/metrics");
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_memory_equal(out.data, "<!DOCTYPE html>\n", 16);
	assert_non_null(strstr(out.data, "<title>tcp_exporter</title>"));
	assert_non_null(strstr(out.data, "Version 1.2.3<"));
	assert_non_null(strstr(out.data, "<a href=\"/tcp/metrics\">/tcp/metrics</a>"));
	assert_non_null(strstr(out.data, "<a href=\"/healthz\">"));
	assert_non_null(strstr(out.data, "<a href=\"/readyz\">"));
	assert_null(strstr(out.data, "<script"));
	assert_null(strstr(out.data, "://"));
	assert_int_equal(strcmp(out.data + strlen(out.data) - 8, "</html>\n"), 0);
	textbuf_release(&out);
}

static void test_escapes(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, LIMIT);
	landing_write(&out, "<b>&", "/a\"b'<c>&d");
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_non_null(strstr(out.data, "Version &lt;b&gt;&amp;<"));
	assert_non_null(strstr(out.data, "<a href=\"/a&quot;b&#39;&lt;c&gt;&amp;d\">"));
	assert_null(strstr(out.data, "<b>"));
	textbuf_release(&out);
}

static void test_limit_is_sticky(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, 100);
	landing_write(&out, "1", "/metrics");
	assert_int_equal(out.error, -EFBIG);
	textbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_page),
	        cmocka_unit_test(test_escapes),
	        cmocka_unit_test(test_limit_is_sticky),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
