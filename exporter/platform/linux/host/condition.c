/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables with CLOCK_MONOTONIC as their clock (pthread_condattr_setclock(3)). */
#include "exporter/platform/condition.h"

#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

void condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

void condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns)
{
	const struct timespec until = {(time_t)(deadline_ns / SECOND_NS), (long)(deadline_ns % SECOND_NS)};

	pthread_cond_timedwait(condition, lock, &until);
}
