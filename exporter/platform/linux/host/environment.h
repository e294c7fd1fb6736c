/* SPDX-License-Identifier: Apache-2.0 */
/* Environment: numbers that systemd passes in environment variables. */
#ifndef EXPORTER_PLATFORM_LINUX_HOST_ENVIRONMENT_H
#define EXPORTER_PLATFORM_LINUX_HOST_ENVIRONMENT_H

#include <stdint.h>
#include <stdlib.h>

/* Returns the number in a variable, or 0 if it is not set. */
static inline uint64_t environment_number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

#endif
