/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line per message on stderr, as logfmt or JSON, in one write so that lines of several
 * threads never mix. Keys: ts, level, msg, then the message's own pairs. A line whose reader is stuck is dropped and
 * counted: the log never blocks.
 */
#ifndef EXPORTER_LOG_H
#define EXPORTER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* The name of a level ("warn"); NULL past the last. */
const char *log_level_name(size_t level);

/* Before any thread is started. Default: info, logfmt. */
void log_configure(enum log_level level, enum log_format format);

/* Pairs of (key, value) strings follow the message, ended by NULL:
 *   log_message(LOG_LEVEL_INFO, "listening", "address", ":10793", NULL); */
void log_message(enum log_level level, const char *message, ...);

/* A limit on messages that clients can cause: one line per interval, with the number of events that it stands for. */
#define LOG_INTERVAL_NS UINT64_C(10000000000)
enum { LOG_COUNT_MAX = 24 };
struct log_limit { /* all zeros at first */
	_Atomic uint64_t next_ns, skipped;
};
/* Returns true if the message can be logged now, and writes the number of events since the last one that was, with the
 * present one. */
bool log_limit_passes(struct log_limit *limit, uint64_t now_ns, char count[LOG_COUNT_MAX]);

/* One log line without the writing: the number of bytes in `line`, at most `size`. `time` is the
 * timestamp's text. For tests. */
struct log_pair {
	const char *key, *value;
};
size_t log_format_line(char *line, size_t size, enum log_format format, const char *time, enum log_level level,
                       const char *message, const struct log_pair *pairs, size_t count);

#endif
