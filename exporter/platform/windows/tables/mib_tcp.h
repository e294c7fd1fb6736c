/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP tables of the IP helper: pure decoders of bytes into rows. The tables are those of GetExtendedTcpTable(), class
 * TCP_TABLE_OWNER_MODULE_ALL, and of InternalGetBoundTcpEndpointTable(). Their layouts (tcpmib.h) are declared here so
 * that every system can decode them. On Windows the build compares them with its own.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_MIB_TCP_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_MIB_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* TCPIP_OWNING_MODULE_SIZE */
enum { MIB_MODULE_WORDS = 16 };

/* MIB_TCPROW_OWNER_MODULE. Addresses, and ports in the low 16 bits, are in network byte order. */
struct mib_tcp4_row {
	uint32_t state;
	uint8_t local[4];
	uint32_t local_port;
	uint8_t remote[4];
	uint32_t remote_port;
	uint32_t pid;
	uint64_t created;
	uint64_t module[MIB_MODULE_WORDS];
};

/* MIB_TCP6ROW_OWNER_MODULE */
struct mib_tcp6_row {
	uint8_t local[16];
	uint32_t local_scope, local_port;
	uint8_t remote[16];
	uint32_t remote_scope, remote_port;
	uint32_t state, pid;
	uint64_t created;
	uint64_t module[MIB_MODULE_WORDS];
};

/* MIB_TCPROW2 */
struct mib_bound4_row {
	uint32_t state;
	uint8_t local[4];
	uint32_t local_port;
	uint8_t remote[4];
	uint32_t remote_port;
	uint32_t pid, offload;
};

/* MIB_TCP6ROW2 */
struct mib_bound6_row {
	uint8_t local[16];
	uint32_t local_scope, local_port;
	uint8_t remote[16];
	uint32_t remote_scope, remote_port;
	uint32_t state, pid, offload;
};

/* Offsets within a table and its rows. */
struct mib_layout {
	int family;    /* 4 or 6 */
	size_t header; /* dwNumEntries, and padding before the first row */
	size_t size;   /* of a row */
	size_t state, local, local_port, remote, remote_port, pid;
	size_t created, module; /* 0: the rows have neither */
};
extern const struct mib_layout mib_tcp4, mib_tcp6, mib_bound4, mib_bound6;

/* A row of any of these tables. The remote end of a LISTEN row is all zeros, since Windows leaves it undefined. */
struct mib_row {
	int family; /* 4 or 6 */
	enum socket_state state;
	uint8_t local[16], remote[16];    /* network byte order; IPv4 uses the first four */
	uint16_t local_port, remote_port; /* host byte order */
	uint32_t pid;                     /* 0: no process holds the socket any more */
	uint64_t created;                 /* a FILETIME; 0: not known */
	/* Identifies a service of the process: the first word of the owning module, which is the service's tag. 0: no
	 * service, or not known. */
	uint32_t service;
};

/* Returns the number of rows, or -EINVAL if the bytes are fewer than that number needs. */
int64_t mib_count(const struct mib_layout *layout, const void *bytes, size_t length) MUST_CHECK;
/* Returns row number `index`, which is below the count. */
struct mib_row mib_row(const struct mib_layout *layout, const void *bytes, size_t index);

/* Appends the row to the snapshot, in its first network namespace and without an owner. Returns 0 or -ENOMEM. */
int mib_row_add(struct snapshot *snapshot, const struct mib_row *row, bool with_remote) MUST_CHECK;

#endif
