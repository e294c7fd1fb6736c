/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table of --print-table: one row per socket, in the layout of the portpid program. The columns are state (left, 11),
 * local address (right, 15), ":", port (left, 8), remote address and port alike, PID (left, 6) and process name. Both
 * address columns widen for addresses of more than 15 characters. Rows are ordered by local address (IPv4 before IPv6,
 * by value), local port, remote address and remote port. A table that is wide or selects sockets has CLOSE_WAIT sockets
 * first, the oldest before the others.
 */
#ifndef EXPORTER_CLI_TABLE_H
#define EXPORTER_CLI_TABLE_H

#include "exporter/options.h"
#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* Writes the table. Requires a snapshot with remote addresses. Returns 0 or -ENOMEM. Errors of `out` are sticky. */
int table_write(struct textbuf *out, const struct snapshot *snapshot, const struct table_options *options) MUST_CHECK;

#endif
