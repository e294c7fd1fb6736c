/* SPDX-License-Identifier: Apache-2.0 */
/* The log's lines: logfmt in Prometheus' manner, or JSON with the same keys. */
#include "exporter/log.h"

#include "metrics/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	/* A write of up to PIPE_BUF (4096 on Linux) bytes to a pipe is not mixed with another's. */
	LOG_LINE_MAX = 4096,
	/* Room for the timestamp and the level, so that a line has at least these. */
	LOG_LINE_MIN = 128,
	/* No message of ours has more pairs. */
	LOG_PAIRS_MAX = 16,
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* Set once, before threads start; read by all. */
static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_LOGFMT;

/* A line under construction. `room` leaves out what must still fit: the closing bytes. */
struct line {
	char *bytes;
	size_t length, room;
};

/* Adds all of the bytes or none, so that an escape is never cut in two. */
static bool line_add(struct line *line, const char *bytes, size_t length)
{
	if (length > line->room - line->length)
		return false;
	memcpy(line->bytes + line->length, bytes, length);
	line->length += length;
	return true;
}

static bool line_puts(struct line *line, const char *string)
{
	return line_add(line, string, strlen(string));
}

/* C0, DEL, and C1 as UTF-8 writes it: a terminal may act on them. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

/* U+0000 to U+FFFF by number; both formats know the escape. */
static bool line_escape(struct line *line, const unsigned char *s)
{
	char text[sizeof("\\u0000")];
	unsigned point = s[0] == 0xc2 ? s[1] : s[0];

	if (point == '\n')
		return line_puts(line, "\\n");
	if (point == '"' || point == '\\')
		return line_add(line, (const char[]){'\\', (char)point}, 2);
	return snprintf(text, sizeof(text), "\\u%04x", point & 0xffff) > 0 && line_puts(line, text);
}

/* Adds a quoted string, cut short if it must be; false if not even the quotes fit. Both formats
 * escape alike; what is not UTF-8 becomes U+FFFD. */
static bool line_quoted(struct line *line, const char *value)
{
	size_t left = strlen(value), length;
	bool fits = true, valid;

	if (line->room - line->length < 2)
		return false;
	line->bytes[line->length++] = '"';
	line->room--; /* for the closing quote */
	for (; left > 0 && fits; value += length, left -= length) {
		length = utf8_sequence((const unsigned char *)value, left, &valid);
		if (!valid) {
			fits = line_puts(line, "\xef\xbf\xbd");
		} else if (is_control((const unsigned char *)value) || *value == '"' || *value == '\\') {
			fits = line_escape(line, (const unsigned char *)value);
		} else {
			fits = line_add(line, value, length);
		}
	}
	line->room++;
	line->bytes[line->length++] = '"';
	return true;
}

/* logfmt needs no quotes around printable ASCII without space, quote, backslash and equals sign. */
static bool is_bare(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++)
		if (*value <= ' ' || *value > '~' || strchr("\"\\=", *value))
			return false;
	return true;
}

static bool line_value(struct line *line, enum log_format format, const char *value)
{
	if (format == LOG_FORMAT_LOGFMT && is_bare(value) && line_puts(line, value))
		return true;
	return line_quoted(line, value);
}

/* Adds the pair, or nothing if there is no room. */
static void line_pair(struct line *line, enum log_format format, const char *key, const char *value)
{
	bool json = format == LOG_FORMAT_JSON;
	size_t before = line->length;
	bool fits;

	if (json)
		fits = line_puts(line, before == 0 ? "{" : ",") && line_quoted(line, key) && line_puts(line, ":");
	else
		fits = line_puts(line, before == 0 ? "" : " ") && line_puts(line, key) && line_puts(line, "=");
	if (!fits || !line_value(line, format, value))
		line->length = before;
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar, by eras of 400 years that
 * start on a 1 March. C11 has gmtime() only, whose result is shared between threads. */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t shifted = days + 719468; /* from 0000-03-01 */
	int64_t era = shifted / 146097, of_era = shifted % 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int day_of_year = (int)(of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
	int shifted_month = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
	*month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

static void timestamp(char *text, size_t size)
{
	struct timespec now = {0, 0};
	int64_t seconds, year;
	int month, day, second_of_day;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
		now = (struct timespec){0, 0};
	seconds = (int64_t)now.tv_sec;
	second_of_day = (int)(seconds % 86400);
	civil_from_days(seconds / 86400, &year, &month, &day);
	if (snprintf(text, size, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, second_of_day / 3600,
	             second_of_day / 60 % 60, second_of_day % 60, (int)(now.tv_nsec / 1000000)) < 0)
		text[0] = '\0';
}

size_t log_format_line(char *text, size_t size, enum log_format format, const char *time, enum log_level level,
                       const char *message, const struct log_pair *pairs, size_t count)
{
	struct line line = {.bytes = text};

	if (size < LOG_LINE_MIN)
		return 0;
	line.room = size - 2; /* "}\n" */
	line_pair(&line, format, "ts", time);
	line_pair(&line, format, "level", level_names[level]);
	line_pair(&line, format, "msg", message);
	for (size_t i = 0; i < count; i++)
		line_pair(&line, format, pairs[i].key, pairs[i].value);
	if (format == LOG_FORMAT_JSON)
		text[line.length++] = '}';
	text[line.length++] = '\n';
	return line.length;
}

const char *log_level_name(size_t level)
{
	return level < sizeof(level_names) / sizeof(level_names[0]) ? level_names[level] : NULL;
}

void log_configure(enum log_level level, enum log_format format)
{
	threshold = level;
	line_format = format;
}

void log_message(enum log_level level, const char *message, ...)
{
	struct log_pair pairs[LOG_PAIRS_MAX];
	char line[LOG_LINE_MAX], time[64];
	size_t count = 0, length;
	const char *key;
	va_list args;

	if (level < threshold)
		return;
	va_start(args, message);
	while (count < LOG_PAIRS_MAX && (key = va_arg(args, const char *)) != NULL)
		pairs[count++] = (struct log_pair){key, va_arg(args, const char *)};
	va_end(args);
	timestamp(time, sizeof(time));
	length = log_format_line(line, sizeof(line), line_format, time, level, message, pairs, count);
	/* stderr is unbuffered, mostly: one fwrite is one write(2). A log that cannot be written has nobody to tell. */
	if (fwrite(line, 1, length, stderr) != length || fflush(stderr) != 0)
		return;
}
