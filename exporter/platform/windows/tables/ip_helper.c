/* SPDX-License-Identifier: Apache-2.0 */
/* IP helper: looks its functions up. */
#include "exporter/platform/windows/tables/ip_helper.h"

#include <errno.h>
#include <string.h>

#include "exporter/platform/windows/win32_error.h"

/* Copies the address of a function into *pointer. Returns false if the DLL has no such function. */
static bool look_up(HMODULE library, const char *name, void *pointer)
{
	const FARPROC function = GetProcAddress(library, name);

	memcpy(pointer, &function, sizeof(function));
	return function != NULL;
}

int ip_helper_load(struct ip_helper *helper, struct platform_error *error)
{
	HMODULE library = LoadLibraryExW(L"iphlpapi.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

	if (library == NULL)
		return win32_fail(error, "cannot load iphlpapi.dll", GetLastError());
	if (!look_up(library, "GetExtendedTcpTable", &helper->tcp_table)) {
		platform_error_set(error, "cannot use iphlpapi.dll: it lacks GetExtendedTcpTable()");
		return -ENOSYS;
	}
	(void)look_up(library, "GetOwnerModuleFromTcpEntry", &helper->module4);
	(void)look_up(library, "GetOwnerModuleFromTcp6Entry", &helper->module6);
	(void)look_up(library, "InternalGetBoundTcpEndpointTable", &helper->bound4);
	(void)look_up(library, "InternalGetBoundTcp6EndpointTable", &helper->bound6);
	return 0;
}
