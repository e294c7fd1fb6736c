/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation (RFC 9110, section 12): pure functions from the request's header fields to the format of the
 * answer. */
#ifndef EXPORTER_HTTP_NEGOTIATE_H
#define EXPORTER_HTTP_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/report/exposition.h"

struct negotiated {
	bool acceptable; /* false: the client refuses (q=0) every format: 406 */
	enum exposition_format format;
	const char *content_type; /* a constant string */
};

/*
 * Picks the format with the highest q-value, and among equal ones the first. If the header names no supported format,
 * the answer has text 0.0.4, as Prometheus' content negotiation asks. Only an explicit q=0 refuses a format. The
 * content type repeats the `escaping` of OpenMetrics 1.0.0: allow-utf-8 and underscores unchanged, any other as
 * underscores. The exporter's names are the same with all of them. `accept` may be NULL.
 */
struct negotiated negotiate_format(const char *accept);

/* Returns true if Accept-Encoding allows gzip. `accept_encoding` may be NULL. */
bool negotiate_gzip(const char *accept_encoding);

/*
 * Reads X-Prometheus-Scrape-Timeout-Seconds. *ns is the time that the answer may take: the header's time, at most 60
 * s, less a margin for sending, or UINT64_MAX without a header. Returns false if the value is not a positive number.
 */
bool negotiate_timeout(const char *header, uint64_t *ns);

#endif
