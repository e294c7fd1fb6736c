/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limit: a token bucket that refills by one token per interval. */
#ifndef EXPORTER_WEB_AUTH_RATE_H
#define EXPORTER_WEB_AUTH_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* A rate_limit of all zeros limits nothing. */
struct rate_limit {
	uint64_t interval_ns; /* 0: no limit */
	int32_t burst;        /* tokens in a full bucket; 0 or less: there is never a token */
	uint64_t full_ns;     /* the time at which the bucket is, or will be, full */
};

/* Sets a limit. The bucket is full if the limit is new. */
void rate_limit_set(struct rate_limit *limit, uint64_t interval_ns, int32_t burst);
/* Removes a token at that time, which must not go back. Returns false if the bucket is empty. */
bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns);

#endif
