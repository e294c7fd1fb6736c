/* SPDX-License-Identifier: Apache-2.0 */
/* Thread priority by niceness, which Linux keeps per thread (setpriority(2)). */
#include "exporter/platform/priority.h"

#include <sys/resource.h>

void priority_lower(void)
{
	enum { THIS_THREAD = 0, NICE = 10 };

	(void)setpriority(PRIO_PROCESS, THIS_THREAD, NICE);
}
