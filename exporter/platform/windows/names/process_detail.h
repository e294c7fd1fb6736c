/* SPDX-License-Identifier: Apache-2.0 */
/* Process details: the executable's path, the user and the application pool of a process. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_PROCESS_DETAIL_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_PROCESS_DETAIL_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/names/image_path.h"
#include "exporter/platform/windows/names/users.h"

struct process_details {
	struct users users;
	/* Room for a path, or for a command line behind its UNICODE_STRING. */
	_Alignas(void *) wchar_t path[IMAGE_PATH_MAX + 16];
};

/* Adds the texts of WANT_EXE and WANT_USER in `want` to a process of the snapshot, and with WANT_UNIT the application
 * pool of a worker process of IIS. A text without access stays absent. A process that lacks a user or an executable for
 * that reason is counted in snapshot->undescribed_processes. Returns 0 or -ENOMEM. */
int process_details_add(struct process_details *details, struct snapshot *snapshot, uint32_t index,
                        unsigned want) MUST_CHECK;

#endif
