/* SPDX-License-Identifier: Apache-2.0 */
/* Stop requests: one at a time, protected by a lock. */
#include "exporter/platform/windows/host/stop.h"

#include <stddef.h>

#include <windows.h>

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static const char *reason; /* NULL: no request */

void stop_request(const char *why)
{
	AcquireSRWLockExclusive(&lock);
	if (reason == NULL)
		reason = why;
	ReleaseSRWLockExclusive(&lock);
	WakeAllConditionVariable(&changed);
}

const char *stop_wait(unsigned long wait_ms)
{
	const char *why;

	AcquireSRWLockExclusive(&lock);
	while (reason == NULL && SleepConditionVariableSRW(&changed, &lock, wait_ms, 0))
		;
	why = reason;
	reason = NULL;
	ReleaseSRWLockExclusive(&lock);
	return why;
}
