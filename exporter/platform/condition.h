/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables: their timed waits follow the monotonic clock, so a change of the date moves no wait. */
#ifndef EXPORTER_PLATFORM_CONDITION_H
#define EXPORTER_PLATFORM_CONDITION_H

#include <pthread.h>
#include <stdint.h>

/* Prepares a condition variable. Destroy it by pthread_cond_destroy(). Cannot fail, since it allocates nothing. */
void condition_init(pthread_cond_t *condition);

/* Waits until a signal or until platform_now_ns() reaches the deadline, perhaps a millisecond late. May also return
 * without a cause. Requires `lock`. */
void condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns);

#endif
