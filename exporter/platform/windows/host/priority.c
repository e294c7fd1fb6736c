/* SPDX-License-Identifier: Apache-2.0 */
/* Priority, by SetThreadPriority(). */
#include "exporter/platform/priority.h"

#include <windows.h>

void priority_lower(void)
{
	(void)SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_LOWEST);
}
