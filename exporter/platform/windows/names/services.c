/* SPDX-License-Identifier: Apache-2.0 */
/* Services: lists the running ones by EnumServicesStatusEx(). */
#include "exporter/platform/windows/names/services.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/windows/utf16.h"
#include "exporter/platform/windows/win32_error.h"

/* Lists the services that fit into the page, and the place where the next call continues. ERROR_MORE_DATA: more exist.
 */
static unsigned long list_page(SC_HANDLE manager, void *page, DWORD *count, DWORD *resume)
{
	DWORD missing = 0;

	*count = 0;
	if (EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_ACTIVE, page,
	                          SERVICES_PAGE_BYTES, &missing, count, resume, NULL))
		return NO_ERROR;
	return GetLastError();
}

static int append(struct services *services, const void *page, size_t count)
{
	int result = array_reserve(&services->list, &services->capacity, services->count + count,
	                           sizeof(ENUM_SERVICE_STATUS_PROCESSW));

	if (result == 0 && count > 0)
		memcpy((ENUM_SERVICE_STATUS_PROCESSW *)services->list + services->count, page,
		       count * sizeof(ENUM_SERVICE_STATUS_PROCESSW));
	if (result == 0)
		services->count += count;
	return result;
}

/* Lists all pages. Returns 0 or -ENOMEM. *code is that of the last call. */
static int list_pages(struct services *services, SC_HANDLE manager, unsigned long *code)
{
	DWORD count = 1, resume = 0;
	int result = 0;

	*code = ERROR_MORE_DATA;
	for (size_t i = 0; i < SERVICES_PAGES_MAX && *code == ERROR_MORE_DATA && count > 0 && result == 0; i++) {
		if (services->pages[i] == NULL)
			services->pages[i] = malloc(SERVICES_PAGE_BYTES);
		if (services->pages[i] == NULL)
			return -ENOMEM;
		*code = list_page(manager, services->pages[i], &count, &resume);
		if (*code == NO_ERROR || *code == ERROR_MORE_DATA)
			result = append(services, services->pages[i], count);
	}
	return result;
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
	for (size_t i = 0; i < SERVICES_PAGES_MAX; i++)
		free(services->pages[i]);
	free(services->list);
	growing_release(&services->names);
	*services = (struct services){0};
}

int services_read(struct services *services, struct platform_error *error)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE);
	unsigned long code;
	int result;

	services->count = 0;
	if (manager == NULL)
		return win32_fail(error, "cannot open the service manager", GetLastError());
	result = list_pages(services, manager, &code);
	CloseServiceHandle(manager);
	if (result != 0)
		platform_error_set(error, "out of memory");
	else if (code != NO_ERROR)
		return win32_fail(error, "cannot list the services", code);
	else if (services->count > 0)
		qsort(services->list, services->count, sizeof(ENUM_SERVICE_STATUS_PROCESSW), compare);
	return result;
}

void services_mark(const struct services *services, struct process_table *table)
{
	const ENUM_SERVICE_STATUS_PROCESSW *list = services->list;

	for (size_t i = 0; i < services->count; i++) {
		struct process_entry *process = process_table_find(table, list[i].ServiceStatusProcess.dwProcessId);

		if (process != NULL)
			process->has_services = true;
	}
}

/* Returns the first entry of a process, or the place where it would be. */
static size_t first_of(const struct services *services, uint32_t pid)
{
	const ENUM_SERVICE_STATUS_PROCESSW *list = services->list;
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
	const ENUM_SERVICE_STATUS_PROCESSW *list = services->list;
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
