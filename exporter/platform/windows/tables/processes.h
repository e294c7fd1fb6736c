/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: all of them, with start and name of the executable, in one system call. Needs no privilege. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESSES_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESSES_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/tables/growing.h"
#include "exporter/platform/windows/tables/process_table.h"

/* Fills the table, which must be empty, by way of the buffer. Returns 0, or -errno with *error filled. */
int processes_read(struct process_table *table, struct growing *buffer, struct platform_error *error) MUST_CHECK;

#endif
