/* SPDX-License-Identifier: Apache-2.0 */
/* What only an open process tells: when it started, the path of its executable, its user. */
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

/* Adds to the process in the snapshot when it started and, as `want` has WANT_EXE and WANT_USER, those texts. What
 * may not be seen stays absent. 0 or -ENOMEM. */
int process_details_add(struct process_details *details, struct snapshot *snapshot, uint32_t index,
                        unsigned want) MUST_CHECK;

#endif
