/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limit: a token bucket whose level is kept as the time at which the bucket is full. */
#include "exporter/web/auth/rate.h"

void rate_limit_set(struct rate_limit *limit, uint64_t interval_ns, int32_t burst)
{
	if (limit->interval_ns == interval_ns && limit->burst == burst)
		return;
	*limit = (struct rate_limit){interval_ns, burst, 0};
}

bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns)
{
	uint64_t full_ns = limit->full_ns > now_ns ? limit->full_ns : now_ns;
	uint64_t others; /* tokens of a full bucket, less one */

	if (limit->interval_ns == 0)
		return true;
	if (limit->burst <= 0 || full_ns > UINT64_MAX - limit->interval_ns)
		return false;
	others = (uint64_t)(limit->burst - 1);
	/* There is a token unless the time until the bucket is full exceeds the time of `others` intervals. If 64 bits
	 * cannot hold the latter, there is a token. */
	if (others <= UINT64_MAX / limit->interval_ns && full_ns - now_ns > limit->interval_ns * others)
		return false;
	limit->full_ns = full_ns + limit->interval_ns;
	return true;
}
