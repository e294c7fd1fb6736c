/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limit of requests: a token bucket that gains one token per interval. */
#ifndef EXPORTER_WEB_AUTH_RATE_H
#define EXPORTER_WEB_AUTH_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros limits nothing. */
struct rate_limit {
	uint64_t interval_ns; /* 0: no limit */
	int32_t burst;        /* size of the bucket; 0 or less: every request is refused */
	uint64_t full_ns;     /* when the bucket is, or will be, full */
};

/* Sets the limit. Fills the bucket if the limit has changed. */
void rate_limit_set(struct rate_limit *limit, uint64_t interval_ns, int32_t burst);
/* Removes a token. Returns false if the bucket is empty. `now_ns` must not decrease between calls. */
bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns);

#endif
