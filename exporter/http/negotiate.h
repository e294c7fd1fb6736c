/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation (RFC 9110, section 12): pure functions from header texts to the format of the answer. */
#ifndef EXPORTER_HTTP_NEGOTIATE_H
#define EXPORTER_HTTP_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/report/exposition.h"

struct negotiated {
	bool acceptable; /* false: the client refused (q=0) every format: 406 */
	enum exposition_format format;
	const char *content_type; /* exact, a constant */
};

/*
 * Returns the format with the highest q-value, or the first of equal ones. Without a supported format in the header the
 * format is text 0.0.4, as in Prometheus' content negotiation. Only an explicit q=0 refuses a format. The `escaping`
 * values allow-utf-8 and underscores are echoed, and any other value becomes underscores. The names of this exporter
 * are the same in each. `accept` can be NULL.
 */
struct negotiated negotiate_format(const char *accept);

/* Returns true if Accept-Encoding allows gzip. `accept_encoding` can be NULL. */
bool negotiate_gzip(const char *accept_encoding);

/*
 * Converts X-Prometheus-Scrape-Timeout-Seconds to the time limit of the answer in nanoseconds: at most 60 s, less a
 * margin for sending. *ns is UINT64_MAX without the header. Returns false if the header is not a positive number.
 */
bool negotiate_timeout(const char *header, uint64_t *ns);

#endif
