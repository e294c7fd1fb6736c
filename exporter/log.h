/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log: writes one line per message to stderr, as logfmt or JSON. Each line is one write, so that lines of several
 * threads never mix. Its keys are ts, level, msg, then those of the message's own pairs. The log never blocks: it drops
 * and counts the lines that its reader has no room for.
 */
#ifndef EXPORTER_LOG_H
#define EXPORTER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* Returns the name of a level ("warn"), or NULL past the last. */
const char *log_level_name(size_t level);

/* Sets the lowest level that is logged, and the format. Call before any thread starts. The default is info, logfmt. */
void log_configure(enum log_level level, enum log_format format);

/* Logs a message. Pairs of (key, value) strings follow it, ended by NULL:
 *   log_message(LOG_LEVEL_INFO, "listening", "address", ":10793", NULL); */
void log_message(enum log_level level, const char *message, ...);

/* Limit on a message that clients can cause: one line per interval, with the number of events since the last line. */
#define LOG_INTERVAL_NS UINT64_C(10000000000)
enum { LOG_COUNT_MAX = 24 };
struct log_limit { /* initialize with zeros */
	_Atomic uint64_t next_ns, skipped;
};
/* Counts an event. Returns true if its message can be logged now, and writes the number of events since the last
 * message, including this one, to `count`. */
bool log_limit_passes(struct log_limit *limit, uint64_t now_ns, char count[LOG_COUNT_MAX]);

/* Formats one line of the log. Returns the number of bytes in `line`, at most `size`. `time` is the text of the
 * timestamp. Tests call it directly. */
struct log_pair {
	const char *key, *value;
};
size_t log_format_line(char *line, size_t size, enum log_format format, const char *time, enum log_level level,
                       const char *message, const struct log_pair *pairs, size_t count);

#endif
