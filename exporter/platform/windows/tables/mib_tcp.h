/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP tables of GetExtendedTcpTable(), class TCP_TABLE_OWNER_PID_ALL: pure decoders of bytes into rows. The layouts are
 * those of MIB_TCPTABLE_OWNER_PID and MIB_TCP6TABLE_OWNER_PID (tcpmib.h). They are declared here so that every system
 * can decode them. On Windows the build compares them with its own.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_MIB_TCP_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_MIB_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* MIB_TCPROW_OWNER_PID. Addresses, and ports in the low 16 bits, are in network byte order. */
struct mib_tcp4_row {
	uint32_t state;
	uint8_t local[4];
	uint32_t local_port;
	uint8_t remote[4];
	uint32_t remote_port;
	uint32_t pid;
};

/* MIB_TCP6ROW_OWNER_PID */
struct mib_tcp6_row {
	uint8_t local[16];
	uint32_t local_scope, local_port;
	uint8_t remote[16];
	uint32_t remote_scope, remote_port;
	uint32_t state, pid;
};

/* A row of either table. The remote end of a LISTEN row is all zeros, since Windows leaves it undefined. */
struct mib_row {
	int family; /* 4 or 6 */
	enum socket_state state;
	uint8_t local[16], remote[16];    /* network byte order; IPv4 uses the first four */
	uint16_t local_port, remote_port; /* host byte order */
	uint32_t pid;                     /* 0: no process holds the socket any more */
};

/* Returns the number of rows, or -EINVAL if the bytes are fewer than that number needs. */
int64_t mib_tcp4_count(const void *bytes, size_t length) MUST_CHECK;
int64_t mib_tcp6_count(const void *bytes, size_t length) MUST_CHECK;
/* Returns row number `index`, which is below the count. */
struct mib_row mib_tcp4_row(const void *bytes, size_t index);
struct mib_row mib_tcp6_row(const void *bytes, size_t index);

/* Appends the row to the snapshot, in its first network namespace and without an owner. Returns 0 or -ENOMEM. */
int mib_row_add(struct snapshot *snapshot, const struct mib_row *row, bool with_remote) MUST_CHECK;

#endif
