/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: formats messages as logfmt, as Prometheus does, or as JSON with the same keys. */
#include "exporter/log.h"

#include "exporter/platform/host.h"
#include "exporter/printable.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	/* A write of at most PIPE_BUF (4096 on Linux) bytes to a pipe is atomic. */
	LOG_LINE_MAX = 4096,
	/* Room for the timestamp and the level, which every line has. */
	LOG_LINE_MIN = 128,
	/* More pairs than any message has. */
	LOG_PAIRS_MAX = 16,
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* log_configure() sets them before threads start. All threads read them. */
static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_LOGFMT;

/* A line under construction. `room` does not include the bytes that close the line. */
struct line {
	char *bytes;
	size_t length, room;
};

/* Adds all bytes and returns true, or adds no byte, so that an escape is never cut in two. */
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

/* Adds a quoted string, cut to the room. Returns false if the quotes do not fit. Both formats escape alike. Invalid
 * UTF-8 becomes U+FFFD. */
static bool line_quoted(struct line *line, const char *value)
{
	size_t left = strlen(value), taken;
	char step[JSON_STEP_MAX];
	bool fits = true;

	if (line->room - line->length < 2)
		return false;
	line->bytes[line->length++] = '"';
	line->room--; /* for the closing quote */
	for (; left > 0 && fits; value += taken, left -= taken)
		fits = line_add(line, step, json_step(step, value, left, &taken));
	line->room++;
	line->bytes[line->length++] = '"';
	return true;
}

/* Returns true if logfmt needs no quotes: printable ASCII without space, quote, backslash and equals sign. */
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

/* Adds the pair if there is room for it. */
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

static void timestamp(char *text, size_t size)
{
	struct timespec now = {0, 0};
	struct tm date;
	size_t length;

	text[0] = '\0';
	if (clock_gettime(CLOCK_REALTIME, &now) != 0 || !gmtime_r(&now.tv_sec, &date))
		return;
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &date);
	snprintf(text + length, size - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
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

/* Lines that could not be written, because the reader of the log was stuck. */
static _Atomic uint64_t dropped;

static size_t write_line(enum log_level level, const char *message, const struct log_pair *pairs, size_t count)
{
	/* priorities of syslog(3), which a journal reads at the start of a line */
	static const char *const priorities[] = {"<7>", "<6>", "<4>", "<3>"};
	char line[LOG_LINE_MAX], time[64];
	size_t length = (size_t)snprintf(line, sizeof(line), "%s", host_log_has_priorities() ? priorities[level] : "");

	timestamp(time, sizeof(time));
	length +=
	        log_format_line(line + length, sizeof(line) - length, line_format, time, level, message, pairs, count);
	return host_log_write(line, length) ? length : 0;
}

/* Writes a line with the count of dropped lines, if there are any. Called before the next line is written. */
static void write_dropped(void)
{
	const uint64_t count = atomic_exchange(&dropped, 0);
	char text[24];
	const struct log_pair pairs[] = {{"count", text}, {"reason", "the reader of the log was stuck"}};

	if (count == 0)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, count);
	if (write_line(LOG_LEVEL_WARN, "log lines dropped", pairs, sizeof(pairs) / sizeof(pairs[0])) == 0)
		atomic_fetch_add(&dropped, count);
}

void log_message(enum log_level level, const char *message, ...)
{
	struct log_pair pairs[LOG_PAIRS_MAX];
	size_t count = 0;
	const char *key;
	va_list args;

	if (level < threshold)
		return;
	va_start(args, message);
	while (count < LOG_PAIRS_MAX && (key = va_arg(args, const char *)) != NULL)
		pairs[count++] = (struct log_pair){key, va_arg(args, const char *)};
	va_end(args);
	write_dropped();
	if (write_line(level, message, pairs, count) == 0)
		atomic_fetch_add(&dropped, 1);
}

bool log_limit_passes(struct log_limit *limit, uint64_t now_ns, char count[LOG_COUNT_MAX])
{
	uint64_t next_ns = atomic_load(&limit->next_ns);

	if (now_ns < next_ns || !atomic_compare_exchange_strong(&limit->next_ns, &next_ns, now_ns + LOG_INTERVAL_NS)) {
		atomic_fetch_add(&limit->skipped, 1);
		return false;
	}
	snprintf(count, LOG_COUNT_MAX, "%" PRIu64, atomic_exchange(&limit->skipped, 0) + 1);
	return true;
}
