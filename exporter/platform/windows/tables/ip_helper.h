/* SPDX-License-Identifier: Apache-2.0 */
/* IP helper: the functions of iphlpapi.dll, looked up at run time. The program thus loads the DLL from the system's
 * folder alone, and starts on a Windows without the undocumented ones. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_IP_HELPER_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_IP_HELPER_H

#include <winsock2.h>

#include <windows.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>

#include "exporter/platform/platform.h"

/* Allocates the table of sockets that are bound, and neither listen nor are connected, from the heap: a MIB_TCPTABLE2
 * or MIB_TCP6TABLE2. Not documented; netstat and System Informer use it. */
typedef ULONG WINAPI ip_helper_bound(void **table, HANDLE heap, ULONG flags);

/* Functions other than tcp_table are NULL if Windows does not have them. Wine has none of them. */
struct ip_helper {
	DWORD(WINAPI *tcp_table)
	(void *table, DWORD *size, BOOL order, ULONG family, TCP_TABLE_CLASS class, ULONG reserved);
	DWORD(WINAPI *module4)
	(MIB_TCPROW_OWNER_MODULE *row, TCPIP_OWNER_MODULE_INFO_CLASS class, void *info, DWORD *size);
	DWORD(WINAPI *module6)
	(MIB_TCP6ROW_OWNER_MODULE *row, TCPIP_OWNER_MODULE_INFO_CLASS class, void *info, DWORD *size);
	ip_helper_bound *bound4, *bound6;
};

/* Looks the functions up. Returns 0, or -errno with *error filled. */
int ip_helper_load(struct ip_helper *helper, struct platform_error *error) MUST_CHECK;

#endif
