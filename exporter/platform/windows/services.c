/* SPDX-License-Identifier: Apache-2.0 */
/* Running services from EnumServicesStatusEx(). */
#include "exporter/platform/windows/services.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>

#include "exporter/platform/windows/utf16.h"
#include "exporter/platform/windows/win32_error.h"

/* What a call of the service manager came to. */
struct request {
	SC_HANDLE manager;
	DWORD count;
	unsigned long code;
};

static int fetch(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct request *request = data;
	DWORD missing = 0, resume = 0;
	DWORD size = capacity < UINT32_MAX ? (DWORD)capacity : UINT32_MAX;

	if (EnumServicesStatusExW(request->manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_ACTIVE, bytes, size,
	                          &missing, &request->count, &resume, NULL))
		return 0;
	request->code = GetLastError();
	*needed = capacity + missing; /* it tells what did not fit */
	return win32_errno(request->code);
}

static int compare(const void *a, const void *b)
{
	const ENUM_SERVICE_STATUS_PROCESSW *left = a, *right = b;
	DWORD left_pid = left->ServiceStatusProcess.dwProcessId, right_pid = right->ServiceStatusProcess.dwProcessId;

	if (left_pid != right_pid)
		return left_pid < right_pid ? -1 : 1;
	return wcscmp(left->lpServiceName, right->lpServiceName);
}

void services_release(struct services *services)
{
	growing_release(&services->list);
	growing_release(&services->names);
	services->count = 0;
}

int services_read(struct services *services, struct platform_error *error)
{
	struct request request = {.manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE)};
	int result;

	services->count = 0;
	if (request.manager == NULL)
		return win32_fail(error, "cannot open the service manager", GetLastError());
	result = growing_fetch(&services->list, fetch, &request);
	CloseServiceHandle(request.manager);
	if (result == -ENOMEM)
		platform_error_set(error, "out of memory");
	else if (result != 0)
		return win32_fail(error, "cannot list the services", request.code);
	if (result != 0)
		return result;
	services->count = request.count;
	qsort(services->list.bytes, services->count, sizeof(ENUM_SERVICE_STATUS_PROCESSW), compare);
	return 0;
}

/* The first entry of a process, or the entry where it would be. */
static size_t first_of(const struct services *services, uint32_t pid)
{
	const ENUM_SERVICE_STATUS_PROCESSW *list = services->list.bytes;
	size_t low = 0, high = services->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].ServiceStatusProcess.dwProcessId < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct names {
	const ENUM_SERVICE_STATUS_PROCESSW *begin, *end;
	size_t length;
};

static int join(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct names *names = data;
	char *text = bytes;

	*needed = 0;
	for (const ENUM_SERVICE_STATUS_PROCESSW *service = names->begin; service < names->end; service++)
		*needed += 1 + UTF16_AS_UTF8_MAX(wcslen(service->lpServiceName));
	if (*needed > capacity)
		return -ENOBUFS;
	names->length = 0;
	for (const ENUM_SERVICE_STATUS_PROCESSW *service = names->begin; service < names->end; service++) {
		const uint16_t *name = (const uint16_t *)service->lpServiceName;

		if (service > names->begin)
			text[names->length++] = ',';
		names->length += utf16_to_utf8(text + names->length, name, wcslen(service->lpServiceName));
	}
	return 0;
}

int services_name(struct services *services, struct snapshot *snapshot, uint32_t index)
{
	const ENUM_SERVICE_STATUS_PROCESSW *list = services->list.bytes;
	uint32_t pid = snapshot->processes[index].pid;
	size_t first = first_of(services, pid), end = first;
	struct names names;
	int result;

	while (end < services->count && list[end].ServiceStatusProcess.dwProcessId == pid)
		end++;
	if (first == end)
		return 0;
	names = (struct names){list + first, list + end, 0};
	result = growing_fetch(&services->names, join, &names);
	if (result != 0)
		return result;
	return snapshot_set_text(snapshot, index, PROCESS_UNIT, services->names.bytes, names.length);
}
