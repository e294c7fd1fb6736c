/* SPDX-License-Identifier: Apache-2.0 */
/* TCP tables: reads both tables of GetExtendedTcpTable() into a snapshot, and keeps the rows' owners. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_TCP_TABLES_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_TCP_TABLES_H

#include "exporter/platform/platform.h"
#include "exporter/platform/windows/tables/growing.h"
#include "exporter/platform/windows/tables/ip_helper.h"
#include "exporter/platform/windows/tables/process_table.h"

enum { TCP_FAMILIES = 2 };

/* All zeros is valid and empty. Memory is kept from read to read. */
struct tcp_tables {
	struct growing bytes[TCP_FAMILIES]; /* IPv4, IPv6, as Windows fills them */
	size_t v4_count;                    /* rows of IPv4 in the snapshot; the rows of IPv6 follow them */
	struct row_owner *owners;           /* by row of the snapshot */
	size_t owners_capacity;
};

void tcp_tables_release(struct tcp_tables *tables);

/* Appends the rows to the snapshot, which has a namespace and no rows. Leaves out the exporter's own socket pairs.
 * Returns 0, or -errno with *error filled. */
int tcp_tables_read(struct tcp_tables *tables, const struct ip_helper *helper, bool with_remote,
                    struct deadline *deadline, struct snapshot *snapshot, struct platform_error *error) MUST_CHECK;

/* Finds the module that owns the row of that number in the snapshot: in a process of several services, the service.
 * Fills `buffer` with a TCPIP_OWNER_MODULE_BASIC_INFO. Returns 0, or -errno: mostly access is denied. */
int tcp_tables_module(const struct tcp_tables *tables, const struct ip_helper *helper, size_t row,
                      struct growing *buffer) MUST_CHECK;

#endif
