/* SPDX-License-Identifier: Apache-2.0 */
/* What the program writes to standard output before it ends. */
#ifndef EXPORTER_CLI_PRINT_H
#define EXPORTER_CLI_PRINT_H

#include "exporter/options.h"
#include "exporter/platform/platform.h"

/* Writes the bytes to standard output, all of them or an error: 0, or -errno with *error filled. */
int print_bytes(const char *bytes, size_t length, struct platform_error *error) MUST_CHECK;

/* Prints a snapshot. Sockets that no process holds are shown as PID 0 of the name `nobody`; if that is NULL, as their
 * listener's. The snapshot's owners change. 0, or -errno with *error filled. */
int print_snapshot(struct snapshot *snapshot, enum table_format format, const char *nobody,
                   struct platform_error *error) MUST_CHECK;

/* --print-table: takes one snapshot and prints it. 0, or -errno with *error filled. */
int print_table(const struct options *options, struct platform_error *error) MUST_CHECK;

#endif
