/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of the endpoint. Relaxed atomics are enough, because no counter depends on another. */
#include "exporter/scrape/counters.h"

#include <stddef.h>

void counters_add_request(struct counters *counters, unsigned status)
{
	size_t i = 0;

	while (i + 1 < HTTP_CODE_COUNT && http_codes[i] != status)
		i++; /* the last code counts all others */
	atomic_fetch_add_explicit(&counters->http_requests[i], 1, memory_order_relaxed);
}

void counters_add_in_flight(struct counters *counters, int change)
{
	atomic_fetch_add_explicit(&counters->in_flight, (uint64_t)change, memory_order_relaxed);
}

void counters_add_tls_error(struct counters *counters, enum tls_error error)
{
	atomic_fetch_add_explicit(&counters->tls_errors[error], 1, memory_order_relaxed);
}

void counters_read(struct counters *counters, struct report_self *self)
{
	for (size_t i = 0; i < HTTP_CODE_COUNT; i++)
		self->http_requests[i] = atomic_load_explicit(&counters->http_requests[i], memory_order_relaxed);
	for (size_t i = 0; i < TLS_ERROR_COUNT; i++)
		self->tls_errors[i] = atomic_load_explicit(&counters->tls_errors[i], memory_order_relaxed);
	self->http_in_flight = atomic_load_explicit(&counters->in_flight, memory_order_relaxed);
}
