/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the landing page: its links, the escaping of texts, and the files that it loads. */
#include "exporter/http/page/landing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Maximum size of the page and all its files, for slow connections. */
enum { LIMIT = 40 * 1024 };

/* Copies the file as a string. */
static void copy(struct textbuf *out, const struct page_file *file)
{
	textbuf_init(out, LIMIT);
	for (size_t i = 0; i < file->length; i++)
		textbuf_putc(out, (char)file->data[i]);
	textbuf_putc(out, '\0');
	assert_int_equal(out->error, 0);
}

static void test_page(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, LIMIT);
	landing_write(&out,
	              &(const struct landing_fields){"1.2.3", "https://docs/", "web-1", "/tcp/metrics", "/sockets"});
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_memory_equal(out.data, "<!DOCTYPE html>\n", 16);
	assert_non_null(strstr(out.data, "<title>web-1: tcp_exporter</title>"));
	assert_non_null(strstr(out.data, "<span id=\"host\">web-1</span>"));
	assert_non_null(strstr(out.data, "<a href=\"https://docs/\" rel=\"noreferrer\">"));
	assert_non_null(strstr(out.data, "version 1.2.3<"));
	assert_non_null(strstr(out.data, "<body data-metrics=\"./tcp/metrics\" data-sockets=\"/sockets\">"));
	assert_non_null(strstr(out.data, "<a href=\"./tcp/metrics\">"));
	assert_non_null(strstr(out.data, "<a href=\"./healthz\">"));
	assert_non_null(strstr(out.data, "<a href=\"./readyz\">"));
	assert_null(strstr(out.data, "{{"));
	assert_int_equal(strcmp(out.data + strlen(out.data) - 8, "</html>\n"), 0);
	textbuf_release(&out);
}

/* A build without an address of the documentation has no link to it. */
static void test_no_documentation(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, LIMIT);
	landing_write(&out, &(const struct landing_fields){"1.2.3", NULL, "web-1", "/metrics", ""});
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_null(strstr(out.data, "documentation"));
	assert_non_null(strstr(out.data, ">readiness</a>\n<span>version 1.2.3</span>\n"));
	textbuf_release(&out);
}

static void test_escapes(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, LIMIT);
	landing_write(&out, &(const struct landing_fields){"<b>&", "", "<i>", "/a\"b'<c>&d{{version}}", ""});
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_non_null(strstr(out.data, "version &lt;b&gt;&amp;<"));
	assert_non_null(strstr(out.data, "<a href=\"./a&quot;b&#39;&lt;c&gt;&amp;d{{version}}\">"));
	assert_null(strstr(out.data, "<b>"));
	assert_null(strstr(out.data, "<i>"));
	textbuf_release(&out);
}

/* The page has nothing that a strict Content-Security-Policy refuses. */
static void test_nothing_inline(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, LIMIT);
	landing_write(&out, &(const struct landing_fields){"1", "", "h", "/metrics", ""});
	textbuf_putc(&out, '\0');
	assert_null(strstr(out.data, "<style"));
	assert_null(strstr(out.data, " style="));
	assert_null(strstr(out.data, " on"));
	assert_null(strstr(out.data, "://"));
	assert_non_null(strstr(out.data, "<script type=\"module\" src=\"page.js\"></script>"));
	assert_null(strstr(strstr(out.data, "<script") + 1, "<script"));
	textbuf_release(&out);
}

static void test_files(void **state)
{
	static const struct {
		const char *path, *type, *text;
	} cases[] = {
	        {"/page.css", "text/css; charset=utf-8", "prefers-color-scheme: dark"},
	        {"/page.js", "text/javascript; charset=utf-8", "\nimport {signed, tableView} from \"./table.js\";\n"},
	        {"/table.js", "text/javascript; charset=utf-8", "textContent"},
	        {"/notes.js", "text/javascript; charset=utf-8", "(unknown)"},
	        {"/sockets.js", "text/javascript; charset=utf-8", "last_segment_seconds"},
	        {"/rows.js", "text/javascript; charset=utf-8", "tcp_connections"},
	        {"/exposition.js", "text/javascript; charset=utf-8", "export function parse("},
	        {"/icon.svg", "image/svg+xml; charset=utf-8", "</svg>\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct page_file *file = landing_file(cases[i].path);
		struct textbuf text;

		if (!file)
			fail_msg("%s is missing", cases[i].path);
		assert_string_equal(file->path, cases[i].path);
		assert_string_equal(file->type, cases[i].type);
		copy(&text, file);
		assert_int_equal(strlen(text.data), file->length);
		assert_non_null(strstr(text.data, cases[i].text));
		assert_non_null(strstr(text.data, "SPDX-License-Identifier: Apache-2.0"));
		textbuf_release(&text);
	}
	assert_null(landing_file("/index.html")); /* the page with empty fields */
	assert_null(landing_file("/"));
	assert_null(landing_file("page.css"));
	assert_null(landing_file("/page.css/"));
}

static void test_size(void **state)
{
	size_t total = 0;

	(void)state;
	for (const struct page_file *file = page_files; file->path; file++)
		total += file->length;
	assert_in_range(total, 1, LIMIT - 1);
}

static void test_limit_is_sticky(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, 100);
	landing_write(&out, &(const struct landing_fields){"1", "", "h", "/metrics", ""});
	assert_int_equal(out.error, -EFBIG);
	textbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_page),
	        cmocka_unit_test(test_no_documentation),
	        cmocka_unit_test(test_escapes),
	        cmocka_unit_test(test_nothing_inline),
	        cmocka_unit_test(test_files),
	        cmocka_unit_test(test_size),
	        cmocka_unit_test(test_limit_is_sticky),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
