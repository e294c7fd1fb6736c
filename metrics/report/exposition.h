/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes metric families in the two formats that Prometheus reads, byte-exact:
 *   text 0.0.4        prometheus.io/docs/instrumenting/exposition_formats
 *   OpenMetrics 1.0   the OpenMetrics 1.0 specification
 *
 * Invariants: HELP and TYPE once per family, before its samples; a family's samples are contiguous;
 * integers are written as integers; label values are UTF-8 and escaped; errors are sticky in the
 * text buffer, checked once by the caller at the end.
 */
#ifndef METRICS_REPORT_EXPOSITION_H
#define METRICS_REPORT_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/report/catalog.h"
#include "metrics/textbuf.h"

enum exposition_format {
	FORMAT_TEXT,        /* text 0.0.4 */
	FORMAT_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

/* value: `length` bytes of valid UTF-8; a label with an empty value is not written. */
struct label {
	const char *name;
	const char *value;
	size_t length;
};

struct exposition {
	struct textbuf *out;
	enum exposition_format format;
	const struct metric *metric; /* the open family */
};

void exposition_begin(struct exposition *exposition, struct textbuf *out, enum exposition_format format);

/* Opens a family: its HELP and TYPE, and its UNIT in OpenMetrics. */
void exposition_family(struct exposition *exposition, const struct metric *metric);

/* One sample of the open family. */
void exposition_uint(struct exposition *exposition, const struct label *labels, size_t count, uint64_t value);
/* The same with the value units / 10^digits, written exactly. */
void exposition_decimal(struct exposition *exposition, const struct label *labels, size_t count, uint64_t units,
                        unsigned digits);

/* Ends the exposition: "# EOF" in OpenMetrics. */
void exposition_end(struct exposition *exposition);

#endif
