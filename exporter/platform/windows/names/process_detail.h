/* SPDX-License-Identifier: Apache-2.0 */
/* Process details: the start, the executable's path and the user, which only an open process reports. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_PROCESS_DETAIL_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_PROCESS_DETAIL_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/names/users.h"

/* Windows' longest path, in units. */
#define EXE_PATH_MAX 32768

struct process_details {
	struct users users;
	wchar_t path[EXE_PATH_MAX];
};

/* Adds the start to the process in the snapshot, and the texts of WANT_EXE and WANT_USER in `want`. A fact without
 * access stays absent. Returns 0 or -ENOMEM. */
int process_details_add(struct process_details *details, struct snapshot *snapshot, uint32_t index,
                        unsigned want) MUST_CHECK;

#endif
