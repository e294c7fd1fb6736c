/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-in for iphlpapi.dll: serves the tables of a scene to the unmodified program. The environment variable SCENE
 * names a folder, whose files each call reads again:
 *   tcp4, tcp6      the bytes of the table; without the file the table is empty
 *   error4, error6  the code that the call fails with
 *   growth          the number of calls, since the start, after which the table has become larger
 *   modules         lines of a service's tag and its name
 *   bound4, bound6  the bytes of the table of bound sockets; without the file the call is refused
 *   hold            calls wait until this file is gone, at most HOLD_MS
 */
#include <winsock2.h>

#include <windows.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { HOLD_MS = 20000, HOLD_POLL_MS = 10, PATH_MAX_BYTES = 512, MODULE_UNITS = 256 };

static FILE *open_file(const char *name)
{
	char path[PATH_MAX_BYTES];
	const char *scene = getenv("SCENE");

	snprintf(path, sizeof(path), "%s\\%s", scene != NULL ? scene : ".", name);
	return fopen(path, "rb");
}

static bool exists(const char *name)
{
	FILE *file = open_file(name);

	if (file != NULL)
		fclose(file);
	return file != NULL;
}

static unsigned long number_in(const char *name)
{
	FILE *file = open_file(name);
	unsigned long number = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu", &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

static void hold(void)
{
	for (int waited_ms = 0; exists("hold") && waited_ms < HOLD_MS; waited_ms += HOLD_POLL_MS)
		Sleep(HOLD_POLL_MS);
}

/* Copies a file, or a number of rows of zero without the file. */
static DWORD copy_file(const char *name, void *bytes, DWORD *size)
{
	static const DWORD empty[2];
	FILE *file = open_file(name);
	DWORD need = sizeof(empty), room = *size;

	if (file != NULL) {
		fseek(file, 0, SEEK_END);
		need = (DWORD)ftell(file);
		rewind(file);
	}
	*size = need;
	if (bytes != NULL && room >= need) {
		if (file == NULL)
			memcpy(bytes, empty, sizeof(empty));
		else if (fread(bytes, 1, need, file) != need)
			need = 0;
	}
	if (file != NULL)
		fclose(file);
	return bytes == NULL || room < need ? ERROR_INSUFFICIENT_BUFFER : NO_ERROR;
}

__declspec(dllexport) DWORD WINAPI
        GetExtendedTcpTable(PVOID table, PDWORD size, BOOL order, ULONG family, TCP_TABLE_CLASS class, ULONG reserved)
{
	static unsigned long calls;
	const bool v6 = family == AF_INET6;
	unsigned long error;

	(void)order;
	(void)reserved;
	hold();
	error = number_in(v6 ? "error6" : "error4");
	if (class != TCP_TABLE_OWNER_MODULE_ALL)
		return ERROR_INVALID_PARAMETER;
	if (error != 0)
		return error;
	if (calls++ < number_in("growth")) {
		++*size;
		return ERROR_INSUFFICIENT_BUFFER;
	}
	return copy_file(v6 ? "tcp6" : "tcp4", table, size);
}

/* Finds the service of the tag. Returns a code of Windows. */
static DWORD find_module(ULONGLONG tag, wchar_t name[MODULE_UNITS])
{
	FILE *file = open_file("modules");
	DWORD code = ERROR_NOT_FOUND;
	unsigned long long number;

	while (file != NULL && code != NO_ERROR && fscanf(file, "%llu %255ls", &number, name) == 2)
		code = number == tag ? NO_ERROR : ERROR_NOT_FOUND;
	if (file != NULL)
		fclose(file);
	return code;
}

/* Writes the information, and the name behind it. */
static DWORD write_module(ULONGLONG tag, void *bytes, DWORD *size)
{
	TCPIP_OWNER_MODULE_BASIC_INFO *info = bytes;
	wchar_t name[MODULE_UNITS];
	DWORD code = find_module(tag, name), need, room = *size;

	if (code != NO_ERROR)
		return code;
	*size = need = (DWORD)(sizeof(*info) + (wcslen(name) + 1) * sizeof(*name));
	if (room < need)
		return ERROR_INSUFFICIENT_BUFFER;
	info->pModuleName = info->pModulePath = wcscpy((wchar_t *)(info + 1), name);
	return NO_ERROR;
}

__declspec(dllexport) DWORD WINAPI
        GetOwnerModuleFromTcpEntry(PMIB_TCPROW_OWNER_MODULE row, TCPIP_OWNER_MODULE_INFO_CLASS class, PVOID info,
                                   PDWORD size)
{
	(void)class;
	return write_module(row->OwningModuleInfo[0], info, size);
}

__declspec(dllexport) DWORD WINAPI
        GetOwnerModuleFromTcp6Entry(PMIB_TCP6ROW_OWNER_MODULE row, TCPIP_OWNER_MODULE_INFO_CLASS class, PVOID info,
                                    PDWORD size)
{
	(void)class;
	return write_module(row->OwningModuleInfo[0], info, size);
}

static ULONG allocate_file(const char *name, void **table, HANDLE heap, ULONG flags)
{
	DWORD size = 0;

	if (!exists(name))
		return ERROR_ACCESS_DENIED;
	copy_file(name, NULL, &size);
	*table = HeapAlloc(heap, flags, size);
	return *table != NULL ? copy_file(name, *table, &size) : ERROR_NOT_ENOUGH_MEMORY;
}

/* No header declares these two. */
ULONG WINAPI InternalGetBoundTcpEndpointTable(void **table, HANDLE heap, ULONG flags);
ULONG WINAPI InternalGetBoundTcp6EndpointTable(void **table, HANDLE heap, ULONG flags);

__declspec(dllexport) ULONG WINAPI InternalGetBoundTcpEndpointTable(void **table, HANDLE heap, ULONG flags)
{
	return allocate_file("bound4", table, heap, flags);
}

__declspec(dllexport) ULONG WINAPI InternalGetBoundTcp6EndpointTable(void **table, HANDLE heap, ULONG flags)
{
	return allocate_file("bound6", table, heap, flags);
}
