/* SPDX-License-Identifier: Apache-2.0 */
/* A library for LD_PRELOAD: the date is stepped by a day, forth and back, at each look at it. */
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DAY_SECONDS = 24 * 60 * 60 };

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static atomic_uint looks;
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && clock == CLOCK_REALTIME)
		now->tv_sec += atomic_fetch_add(&looks, 1) % 2 == 0 ? DAY_SECONDS : -DAY_SECONDS;
	return result;
}
