/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process information of NtQuerySystemInformation(), class SystemProcessInformation: a pure decoder of bytes into a
 * process table. The layout is that of 64-bit Windows. winternl.h documents it, except for CreateTime, which lies in
 * its Reserved1 since Windows NT.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_INFORMATION_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_INFORMATION_H

#include "exporter/platform/windows/tables/process_table.h"

/* SYSTEM_PROCESS_INFORMATION, up to the PID */
struct process_information {
	uint32_t next; /* offset of the next one from this one; 0: the last one */
	uint32_t threads;
	uint64_t reserved[3];
	uint64_t created; /* a FILETIME */
	uint64_t user, kernel;
	uint16_t name_bytes, name_bytes_max; /* UNICODE_STRING */
	uint32_t padding;
	uint64_t name; /* the address of its UTF-16, in these bytes */
	int32_t priority;
	uint32_t padding2;
	uint64_t pid;
};

/* Adds the processes to the table. `address` is the address that the bytes had when Windows wrote them. Returns 0,
 * -ENOMEM, or -EINVAL if the bytes are not of this layout. */
int process_information_decode(struct process_table *table, const void *bytes, size_t length,
                               uint64_t address) MUST_CHECK;

#endif
