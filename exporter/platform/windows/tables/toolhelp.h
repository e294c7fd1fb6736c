/* SPDX-License-Identifier: Apache-2.0 */
/* Toolhelp: every process and the name of its executable. Needs no privilege. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_TOOLHELP_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_TOOLHELP_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/tables/process_table.h"

/* Fills the table, which must be empty. Returns 0, or -errno with *error filled. */
int toolhelp_read(struct process_table *table, struct deadline *deadline, struct platform_error *error) MUST_CHECK;

#endif
