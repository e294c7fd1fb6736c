/* SPDX-License-Identifier: Apache-2.0 */
/* Print: output of the modes that end after one snapshot. */
#ifndef EXPORTER_CLI_PRINT_H
#define EXPORTER_CLI_PRINT_H

#include "exporter/options.h"
#include "exporter/platform/platform.h"
#include "exporter/serve.h"
#include "exporter/serve.h"

/* Writes all bytes to standard output. Returns 0, or -errno with *error filled. */
int print_bytes(const char *bytes, size_t length, struct platform_error *error) MUST_CHECK;

/* Prints a snapshot. Sockets that no process holds have PID 0 and the name `nobody` (NULL: those of their listener).
 * Changes the snapshot's owners. Returns 0, or -errno with *error filled. */
int print_snapshot(struct snapshot *snapshot, const struct table_options *options, const char *nobody,
                   struct platform_error *error) MUST_CHECK;

/* Reads one snapshot and prints its metrics in text 0.0.4, for --print-metrics. Leaves out the families about a process
 * that serves: node_exporter has process_* of its own. Returns 0, or -errno with *error filled. */
int print_metrics(const struct options *options, const struct build_info *build,
                  struct platform_error *error) MUST_CHECK;

/* Reads one snapshot and prints it, for --print-table. Returns 0, or -errno with *error filled. */
int print_table(const struct options *options, struct platform_error *error) MUST_CHECK;

#endif
