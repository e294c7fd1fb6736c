/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation: pure functions from the request's header texts to what to send. RFC 9110, section 12. */
#ifndef EXPORTER_HTTP_NEGOTIATE_H
#define EXPORTER_HTTP_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/report/exposition.h"

struct negotiated {
	bool acceptable; /* false: the client refused (q=0) everything there is: 406 */
	enum exposition_format format;
	const char *content_type; /* exact, a constant */
};

/*
 * Picks the format by q-value; among equals the one named first. A header that names nothing we can
 * write is answered with text 0.0.4, as Prometheus' content negotiation asks for; only an explicit
 * q=0 refuses. OpenMetrics 1.0.0's `escaping` is echoed: allow-utf-8 and underscores as they are, any
 * other as underscores, which changes nothing for names like ours. `accept` may be NULL.
 */
struct negotiated negotiate_format(const char *accept);

/* Whether Accept-Encoding allows gzip. `accept_encoding` may be NULL. */
bool negotiate_gzip(const char *accept_encoding);

/*
 * X-Prometheus-Scrape-Timeout-Seconds -> how long the answer may take, in nanoseconds: the header's
 * time, at most 60 s, less a margin for sending. UINT64_MAX if there is no header. False: not a positive number.
 */
bool negotiate_timeout(const char *header, uint64_t *ns);

#endif
