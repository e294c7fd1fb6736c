/* SPDX-License-Identifier: Apache-2.0 */
/* Services by process, which distinguish one svchost.exe from another. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_SERVICES_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_SERVICES_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/tables/growing.h"
#include "exporter/platform/windows/tables/process_table.h"

enum {
	SERVICES_PAGE_BYTES = 256 * 1024, /* the largest page that the service manager accepts */
	SERVICES_PAGES_MAX = 16,          /* ten thousand services, more than any host has */
};

/* All zeros is valid and empty. Memory is kept from call to call. */
struct services {
	void *list; /* ENUM_SERVICE_STATUS_PROCESSW, ordered by PID and name; the names are in the pages */
	size_t count, capacity;
	void *pages[SERVICES_PAGES_MAX]; /* one per call; NULL: not needed yet */
	struct growing names;            /* of one process, as UTF-8 */
};

void services_release(struct services *services);
/* Reads the services again. Returns 0, or -errno with *error filled. */
int services_read(struct services *services, struct platform_error *error) MUST_CHECK;
/* Marks the processes of the table in which services run. */
void services_mark(const struct services *services, struct process_table *table);
/* Sets PROCESS_UNIT of the process to its services, joined by ",". Returns 0 or -ENOMEM. */
int services_name(struct services *services, struct snapshot *snapshot, uint32_t index) MUST_CHECK;

#endif
