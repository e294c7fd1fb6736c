/* SPDX-License-Identifier: Apache-2.0 */
/* Which services run in which process: what tells one svchost.exe from another. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_SERVICES_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_SERVICES_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/tables/growing.h"

enum {
	SERVICES_PAGE_BYTES = 256 * 1024, /* the most that a call of the service manager takes */
	SERVICES_PAGES_MAX = 16,          /* ten thousand services, and more than there are */
};

/* All zeros is valid and empty. Memory is kept from call to call. */
struct services {
	void *list; /* ENUM_SERVICE_STATUS_PROCESSW, ordered by PID and name; the names are in the pages */
	size_t count, capacity;
	void *pages[SERVICES_PAGES_MAX]; /* a call each; NULL: not needed yet */
	struct growing names;            /* of one process, as UTF-8 */
};

void services_release(struct services *services);
/* Reads them anew. 0, or -errno with *error filled. */
int services_read(struct services *services, struct platform_error *error) MUST_CHECK;
/* Sets PROCESS_UNIT of the process to its services, joined by ","; absent if it has none. 0 or -ENOMEM. */
int services_name(struct services *services, struct snapshot *snapshot, uint32_t index) MUST_CHECK;

#endif
