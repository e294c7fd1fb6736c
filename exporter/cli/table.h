/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --print-table: a snapshot as a table, one row a socket, in the layout of the portpid program:
 * state left in 11, local address right in 15, ":", port left in 8, remote the same, PID left in 6,
 * process name. Address columns widen as one for addresses longer than 15. Rows are ordered by local
 * address (IPv4 before IPv6, by value), then local port, then remote address and port.
 */
#ifndef EXPORTER_CLI_TABLE_H
#define EXPORTER_CLI_TABLE_H

#include "exporter/options.h"
#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* 0 or -ENOMEM; errors of `out` are sticky in `out`. The snapshot has remote addresses. */
int table_write(struct textbuf *out, const struct snapshot *snapshot, enum table_format format) MUST_CHECK;

#endif
