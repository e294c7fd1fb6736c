/* SPDX-License-Identifier: Apache-2.0 */
/* A limit on the rate of requests: a bucket of tokens that refills by one an interval. */
#ifndef EXPORTER_WEB_AUTH_RATE_H
#define EXPORTER_WEB_AUTH_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros limits nothing. */
struct rate_limit {
	uint64_t interval_ns; /* 0: no limit */
	int32_t burst;        /* tokens at the most; none are ever there for 0 and less */
	uint64_t full_ns;     /* when the bucket is, or will be, full */
};

/* Sets a limit, with a full bucket if it is another than before. */
void rate_limit_set(struct rate_limit *limit, uint64_t interval_ns, int32_t burst);
/* Takes a token at that time, which does not go back; false: there is none. */
bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns);

#endif
