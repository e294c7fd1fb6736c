/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of the endpoint itself. Any thread can count, without a lock. */
#ifndef EXPORTER_SCRAPE_COUNTERS_H
#define EXPORTER_SCRAPE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "metrics/report/report.h"

/* Initialize with zeros. */
struct counters {
	_Atomic uint64_t http_requests[HTTP_CODE_COUNT], in_flight, tls_errors[TLS_ERROR_COUNT];
};

/* Counts an HTTP answer. */
void counters_add_request(struct counters *counters, unsigned status);
/* Counts a request that begins (1) or ends (-1). */
void counters_add_in_flight(struct counters *counters, int change);
void counters_add_tls_error(struct counters *counters, enum tls_error error);
/* Copies the counters into the report. */
void counters_read(struct counters *counters, struct report_self *self);

#endif
