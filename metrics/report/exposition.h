/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exposition: writes metric families in the two formats that Prometheus reads, byte-exact:
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

/* A label, with a value of `length` bytes of valid UTF-8. A label with an empty value is not written. */
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

/* Opens a family: writes its HELP and TYPE, and its UNIT in OpenMetrics. */
void exposition_family(struct exposition *exposition, const struct metric *metric);

/* Writes one sample of the open family. */
void exposition_uint(struct exposition *exposition, const struct label *labels, size_t count, uint64_t value);
/* Writes one sample with the value units / 10^digits, exactly. */
void exposition_decimal(struct exposition *exposition, const struct label *labels, size_t count, uint64_t units,
                        unsigned digits);

/* Ends the exposition. OpenMetrics needs a last line "# EOF". */
void exposition_end(struct exposition *exposition);

#endif
