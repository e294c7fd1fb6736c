/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the exposition: both formats, byte by byte. */
#include "metrics/report/exposition.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define VALUE(text) (text), sizeof(text) - 1

static const struct metric gauge = {"queue_bytes", METRIC_GAUGE, "bytes", "", "Bytes, \"quoted\"\nand \\ slashed"};
static const struct metric counter = {"cpu_seconds_total", METRIC_COUNTER, "seconds", "", "Time"};
static const struct metric info = {"build_info", METRIC_INFO, "", "version", "Build"};
static const struct metric empty = {"nothing", METRIC_GAUGE, "", "", "No samples"};

static const struct label hard_labels[] = {
        {"process", VALUE("a\"b\\c\nd\xc3\xa4{},=# ")},
        {"absent", VALUE("")},
        {"port", "80808", 2}, /* not terminated */
};

static void write_all(struct textbuf *out, enum exposition_format format)
{
	static const struct label version = {"version", VALUE("1.0")}, nothing[] = {{"a", NULL, 0}, {"b", "", 0}};
	struct exposition exposition;

	exposition_begin(&exposition, out, format);
	exposition_family(&exposition, &gauge);
	exposition_uint(&exposition, hard_labels, 3, 0);
	exposition_uint(&exposition, hard_labels + 1, 2, UINT64_MAX);
	exposition_uint(&exposition, nothing, 2, 3);
	exposition_family(&exposition, &counter);
	exposition_decimal(&exposition, NULL, 0, 1250000, 6);
	exposition_family(&exposition, &info);
	exposition_uint(&exposition, &version, 1, 1);
	exposition_family(&exposition, &empty);
	exposition_end(&exposition);
}

#define SAMPLES_OF_GAUGE                                                                                               \
	"queue_bytes{process=\"a\\\"b\\\\c\\nd\xc3\xa4{},=# \",port=\"80\"} 0\n"                                       \
	"queue_bytes{port=\"80\"} 18446744073709551615\n"                                                              \
	"queue_bytes 3\n"

static const char as_text[] = "# HELP queue_bytes Bytes, \"quoted\"\\nand \\\\ slashed\n"
                              "# TYPE queue_bytes gauge\n" SAMPLES_OF_GAUGE "# HELP cpu_seconds_total Time\n"
                              "# TYPE cpu_seconds_total counter\n"
                              "cpu_seconds_total 1.25\n"
                              "# HELP build_info Build\n"
                              "# TYPE build_info gauge\n"
                              "build_info{version=\"1.0\"} 1\n"
                              "# HELP nothing No samples\n"
                              "# TYPE nothing gauge\n";

static const char as_openmetrics[] =
        "# TYPE queue_bytes gauge\n"
        "# UNIT queue_bytes bytes\n"
        "# HELP queue_bytes Bytes, \\\"quoted\\\"\\nand \\\\ slashed\n" SAMPLES_OF_GAUGE "# TYPE cpu_seconds counter\n"
        "# UNIT cpu_seconds seconds\n"
        "# HELP cpu_seconds Time\n"
        "cpu_seconds_total 1.25\n"
        "# TYPE build info\n"
        "# HELP build Build\n"
        "build_info{version=\"1.0\"} 1\n"
        "# TYPE nothing gauge\n"
        "# HELP nothing No samples\n"
        "# EOF\n";

static void assert_written(enum exposition_format format, const char *expected)
{
	struct textbuf out;

	textbuf_init(&out, 4096);
	textbuf_puts(&out, "before|");
	write_all(&out, format);
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_memory_equal(out.data, "before|", 7);
	assert_string_equal(out.data + 7, expected);
	textbuf_release(&out);
}

static void test_text(void **state)
{
	(void)state;
	assert_written(FORMAT_TEXT, as_text);
}

static void test_openmetrics(void **state)
{
	(void)state;
	assert_written(FORMAT_OPENMETRICS, as_openmetrics);
}

/* With any limit, the text is a beginning of the whole text. */
static void test_every_limit(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < strlen(as_openmetrics); limit++) {
		struct textbuf out;

		textbuf_init(&out, limit);
		write_all(&out, FORMAT_OPENMETRICS);
		assert_int_equal(out.error, -EFBIG);
		if (out.length)
			assert_memory_equal(out.data, as_openmetrics, out.length);
		textbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_openmetrics),
	        cmocka_unit_test(test_every_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
