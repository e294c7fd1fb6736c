/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of all backends: the monotonic clock, deadlines and error texts. */
#include "exporter/platform/platform.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)

uint64_t platform_now_ns(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock exists and the pointer is good */
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

int deadline_check(struct deadline *deadline)
{
	uint64_t expires_ns;

	if (atomic_load_explicit(&deadline->cancelled, memory_order_relaxed))
		return -ECANCELED;
	expires_ns = atomic_load_explicit(&deadline->expires_ns, memory_order_relaxed);
	if (expires_ns != UINT64_MAX && platform_now_ns() >= expires_ns)
		return -ETIMEDOUT;
	return 0;
}

void platform_error_set(struct platform_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(error->text, sizeof(error->text), format, args) < 0)
		error->text[0] = '\0';
	va_end(args);
}
