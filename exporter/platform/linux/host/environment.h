/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd says by environment variables. */
#ifndef EXPORTER_PLATFORM_LINUX_HOST_ENVIRONMENT_H
#define EXPORTER_PLATFORM_LINUX_HOST_ENVIRONMENT_H

#include <stdint.h>
#include <stdlib.h>

/* The number in a variable; 0: there is none. */
static inline uint64_t environment_number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

#endif
