/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables whose timed waits follow the monotonic clock: setting the date moves none of them. */
#ifndef EXPORTER_PLATFORM_CONDITION_H
#define EXPORTER_PLATFORM_CONDITION_H

#include <pthread.h>
#include <stdint.h>

/* pthread_cond_destroy() ends it. Cannot fail: nothing is allocated. */
void condition_init(pthread_cond_t *condition);

/* Waits, with the lock held, until it is signalled, platform_now_ns() is at the deadline, or for no reason at
 * all; it may be a millisecond late. */
void condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns);

#endif
