/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: reads them by NtQuerySystemInformation(). */
#include "exporter/platform/windows/tables/processes.h"

#include <windows.h>

#include <errno.h>
#include <winternl.h>

#include "exporter/platform/windows/tables/process_information.h"

/* ntstatus.h */
#define STATUS_LENGTH_MISMATCH ((NTSTATUS)0xc0000004)

_Static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, UniqueProcessId) == offsetof(struct process_information, pid),
               "another layout of SYSTEM_PROCESS_INFORMATION");

/* A call, and its status. */
struct query {
	NTSTATUS status;
	size_t length;
};

static int fetch(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct query *query = data;
	ULONG length = 0;

	query->status = NtQuerySystemInformation(SystemProcessInformation, bytes,
	                                         capacity < UINT32_MAX ? (ULONG)capacity : UINT32_MAX, &length);
	*needed = length;
	query->length = length < capacity ? length : capacity;
	if (query->status == STATUS_LENGTH_MISMATCH)
		return -ENOBUFS;
	return query->status != 0 ? -EIO : 0;
}

int processes_read(struct process_table *table, struct growing *buffer, struct platform_error *error)
{
	struct query query = {0};
	int result = growing_fetch(buffer, fetch, &query);

	if (result == -EIO)
		platform_error_set(error, "cannot list the processes: status 0x%08lx", (unsigned long)query.status);
	else if (result == -EINTR)
		platform_error_set(error, "cannot list the processes: the list grew faster than it could be read");
	if (result == 0)
		result = process_information_decode(table, buffer->bytes, query.length, (uintptr_t)buffer->bytes);
	if (result == -EINVAL)
		platform_error_set(error, "cannot list the processes: unexpected layout of the list");
	else if (result == -ENOMEM)
		platform_error_set(error, "out of memory");
	return result;
}
