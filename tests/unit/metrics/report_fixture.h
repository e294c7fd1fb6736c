/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture of the tests of reports: the exporter's own facts, and a report as text. */
#ifndef TESTS_UNIT_METRICS_REPORT_FIXTURE_H
#define TESTS_UNIT_METRICS_REPORT_FIXTURE_H

#include "tests/unit/metrics/census_fixture.h"

#include "metrics/report/report.h"

/* Larger than any report of the tests. */
enum { TEXT_LIMIT = 4 << 20, MANY_SERIES = 10000 };

/* Facts and states of a snapshot. */
#define ALL_FACTS                                                                                                      \
	(FACT_QUEUES | FACT_ACCEPT_QUEUES | FACT_CLOSE_WAIT_AGE | FACT_SHARED | FACT_UNREADABLE | FACT_DROPS |         \
	 FACT_TIMERS | FACT_UNDESCRIBED)
#define FEW_STATES (STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_LISTEN))

/* Lines of a report that a test compares. */
enum keep { KEEP_ALL, KEEP_TYPES, KEEP_SAMPLES };

static inline uint64_t tick(void)
{
	static uint64_t now;

	return now += 1500;
}

static const struct report_self self = {
        .version = "1.2",
        .revision = "abc",
        .compiler = "gcc \"12\"",
        .backend = "replay",
        .scrapes = 9,
        .scrape_errors = {[CAUSE_TIMEOUT] = 4},
        .http_requests = {[0] = 8, [HTTP_CODE_COUNT - 1] = 1},
        .http_in_flight = 2,
        .tls_errors = {[TLS_ERROR_VERSION] = 3},
        .aggregate_ns = 1000000001,
        .process = {.cpu_us = 1500000,
                    .resident_bytes = 4096,
                    .virtual_bytes = 8192,
                    .virtual_max_bytes = 16384,
                    .open_fds = 5,
                    .max_fds = 1024,
                    .start_ms = 1700000000250},
};

static const struct report_options everything = {FORMAT_TEXT, METRICS_ALL, MANY_SERIES, tick};

static inline bool keeps(enum keep keep, const char *line)
{
	return line[0] != '#' || keep == KEEP_ALL || (keep == KEEP_TYPES && !strncmp(line, "# TYPE ", 7));
}

/* Removes the lines that the test does not compare, and terminates the text. */
static inline void drop_lines(struct textbuf *out, enum keep keep)
{
	size_t kept = 0, next;

	for (size_t at = 0; at < out->length; at = next) {
		const char *end = memchr(out->data + at, '\n', out->length - at);

		assert_non_null(end);
		next = (size_t)(end + 1 - out->data);
		if (!keeps(keep, out->data + at))
			continue;
		memmove(out->data + kept, out->data + at, next - at);
		kept += next - at;
	}
	out->length = kept;
	textbuf_putc(out, '\0');
	assert_int_equal(out->error, 0);
}

/* Returns the report as text. The caller frees it. */
static char *report_text(struct fixture *f, const struct report_self *own, const struct report_options *options,
                         enum keep keep)
{
	const struct report_input input = {&f->snapshot, &f->census, own};
	struct report_folding folding;
	struct textbuf out;

	textbuf_init(&out, TEXT_LIMIT);
	report_folding_init(&folding);
	assert_int_equal(report_write(&out, &input, &folding, options), 0);
	drop_lines(&out, keep);
	report_folding_release(&folding);
	return out.data;
}

static inline void assert_report(struct fixture *f, const struct report_options *options, enum keep keep,
                                 const char *expected)
{
	char *text = report_text(f, &self, options, keep);

	assert_string_equal(text, expected);
	free(text);
}

static inline void assert_families(struct fixture *f, uint64_t families, size_t max_series, const char *expected)
{
	const struct report_options options = {FORMAT_TEXT, families, max_series, tick};

	assert_report(f, &options, KEEP_SAMPLES, expected);
}

#endif
