/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the log: quoting in both formats, hostile values, lines that do not fit, the real stderr. */
#include "exporter/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void check(enum log_format format, const char *message, const char *key, const char *value, const char *expected)
{
	const struct log_pair pair = {key, value};
	char line[512];
	size_t length = log_format_line(line, sizeof(line) - 1, format, "T", LOG_LEVEL_WARN, message, &pair,
	                                key != NULL ? 1 : 0);

	line[length] = '\0';
	assert_string_equal(line, expected);
}

static void test_logfmt(void **state)
{
	(void)state;
	check(LOG_FORMAT_LOGFMT, "listening", "address", ":10793", "ts=T level=warn msg=listening address=:10793\n");
	check(LOG_FORMAT_LOGFMT, "two words", NULL, NULL, "ts=T level=warn msg=\"two words\"\n");
	check(LOG_FORMAT_LOGFMT, "", "a", "", "ts=T level=warn msg=\"\" a=\"\"\n");
	check(LOG_FORMAT_LOGFMT, "m", "a", "x=y", "ts=T level=warn msg=m a=\"x=y\"\n");
	check(LOG_FORMAT_LOGFMT, "m", "a", "\"\\\n", "ts=T level=warn msg=m a=\"\\\"\\\\\\n\"\n");
	check(LOG_FORMAT_LOGFMT, "m", "a", "\x1b[2J\x7f\xc2\x9b",
	      "ts=T level=warn msg=m a=\"\\u001b[2J\\u007f\\u009b\"\n");
	check(LOG_FORMAT_LOGFMT, "m", "a", "caf\xc3\xa9 \xff",
	      "ts=T level=warn msg=m a=\"caf\xc3\xa9 \xef\xbf\xbd\"\n");
}

static void test_json(void **state)
{
	(void)state;
	check(LOG_FORMAT_JSON, "m", "a", "b c", "{\"ts\":\"T\",\"level\":\"warn\",\"msg\":\"m\",\"a\":\"b c\"}\n");
	check(LOG_FORMAT_JSON, "", NULL, NULL, "{\"ts\":\"T\",\"level\":\"warn\",\"msg\":\"\"}\n");
	check(LOG_FORMAT_JSON, "\"\\\n\t", NULL, NULL,
	      "{\"ts\":\"T\",\"level\":\"warn\",\"msg\":\"\\\"\\\\\\n\\u0009\"}\n");
	check(LOG_FORMAT_JSON, "\xed\xa0\x80|\xf4\x90|\xe2\x82", NULL, NULL,
	      "{\"ts\":\"T\",\"level\":\"warn\",\"msg\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
	      "\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\"}\n");
}

/* A line of any size is whole: it ends with a newline, its quotes are even and no escape is cut. */
static void test_cut(void **state)
{
	char value[400], line[256];

	(void)state;
	memset(value, '"', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (size_t size = 0; size <= sizeof(line); size++) {
		for (int format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
			const struct log_pair pairs[] = {{"key", value}, {"other", "value"}};
			size_t length = log_format_line(line, size, (enum log_format)format, "T", LOG_LEVEL_INFO, "m",
			                                pairs, 2);
			const char *ending = format == LOG_FORMAT_JSON ? "\"}\n" : "\"\n";
			size_t escaped = 0;

			assert_true(length <= size);
			if (size < 128) {
				assert_int_equal(length, 0);
				continue;
			}
			assert_memory_equal(line + length - strlen(ending), ending, strlen(ending));
			for (size_t i = 0; i < length; i++)
				escaped += line[i] == '\\';
			assert_true(escaped > 20);
			assert_memory_equal(line + length - strlen(ending) - 2, "\\\"", 2);
		}
	}
}

/* A value that fits is never cut. The pairs after a pair without room are left out whole. */
static void test_room_for_some(void **state)
{
	char value[120], line[150];
	const struct log_pair pairs[] = {{"key", value}, {"other", "value"}};
	size_t length;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	length = log_format_line(line, sizeof(line), LOG_FORMAT_LOGFMT, "T", LOG_LEVEL_INFO, "m", pairs, 2);
	assert_int_equal(line[length - 1], '\n');
	assert_null(memchr(line, '"', length));
	line[length - 1] = '\0';
	assert_non_null(strstr(line, value));
	assert_null(strstr(line, "oth"));
}

/* Captures the text that log_message() writes to stderr, through a pipe. */
static size_t capture(char *text, size_t size, void (*act)(void))
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t got;

	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	act();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	got = read(ends[0], text, (unsigned)size - 1);
	close(ends[0]);
	assert_true(got >= 0);
	text[got] = '\0';
	return (size_t)got;
}

static void log_three(void)
{
	log_configure(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
	log_message(LOG_LEVEL_INFO, "quiet", NULL);
	log_message(LOG_LEVEL_WARN, "loud", "why", "because", NULL);
	log_message(LOG_LEVEL_ERROR, "louder", NULL);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
}

static void test_stderr(void **state)
{
	int year, month, day, hour, minute, second, ms, taken = 0;
	char text[1024], *second_line;
	struct timespec now;
	struct tm date;

	(void)state;
	capture(text, sizeof(text), log_three);
	assert_int_equal(sscanf(text, "ts=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ level=warn msg=loud why=because%n", &year,
	                        &month, &day, &hour, &minute, &second, &ms, &taken),
	                 7);
	assert_int_equal(text[taken], '\n');
	second_line = text + taken + 1;
	assert_non_null(strstr(second_line, "level=error msg=louder\n"));
	assert_ptr_equal(strchr(second_line, '\n') + 1, second_line + strlen(second_line));

	assert_int_equal(timespec_get(&now, TIME_UTC), TIME_UTC);
	date = (struct tm){.tm_year = year - 1900,
	                   .tm_mon = month - 1,
	                   .tm_mday = day,
	                   .tm_hour = hour,
	                   .tm_min = minute,
	                   .tm_sec = second};
	assert_in_range((uint64_t)(now.tv_sec - timegm(&date) + 2), 0, 5);
}

static void test_level_names(void **state)
{
	(void)state;
	assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
	assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
	assert_null(log_level_name(LOG_LEVEL_ERROR + 1));
}

/* One line per interval, with the number of events. */
static void test_limit(void **state)
{
	struct log_limit limit = {0};
	char count[LOG_COUNT_MAX];

	(void)state;
	assert_true(log_limit_passes(&limit, 1, count));
	assert_string_equal(count, "1");
	for (uint64_t i = 0; i < 2999; i++)
		assert_false(log_limit_passes(&limit, 1 + i, count));
	assert_true(log_limit_passes(&limit, 1 + LOG_INTERVAL_NS, count));
	assert_string_equal(count, "3000");
	assert_false(log_limit_passes(&limit, 2 + LOG_INTERVAL_NS, count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_logfmt),        cmocka_unit_test(test_json),   cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_room_for_some), cmocka_unit_test(test_stderr), cmocka_unit_test(test_limit),
	        cmocka_unit_test(test_level_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
