/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables of winpthreads, whose timed waits use the date or a length of time. */
#include "exporter/platform/condition.h"

#include "exporter/platform/platform.h"

#include <time.h>

#define SECOND_NS      UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)

void condition_init(pthread_cond_t *condition)
{
	pthread_cond_init(condition, NULL);
}

void condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns)
{
	const uint64_t now_ns = platform_now_ns(), left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	/* The wait has whole milliseconds. Rounded down, the last millisecond would be a busy loop. */
	const uint64_t rounded = left_ns + MILLISECOND_NS - 1;
	const struct timespec length = {(time_t)(rounded / SECOND_NS), (long)(rounded % SECOND_NS)};

	pthread_cond_timedwait_relative_np(condition, lock, &length);
}
