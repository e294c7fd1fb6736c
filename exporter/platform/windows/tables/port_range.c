/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic port range (Microsoft, "Service overview and network port requirements"): 49152 to 65535, or 1025 to
 * MaxUserPort in the registry, as before Windows Vista. The range of "netsh int ipv4 set dynamicport" is documented in
 * WMI alone, which this code does not read.
 */
#include "exporter/platform/windows/tables/port_range.h"

#include <windows.h>

enum {
	DEFAULT_LOW = 49152,
	DEFAULT_HIGH = 65535,
	OLD_LOW = 1025,
	/* The values of MaxUserPort that Windows accepts. */
	OLD_HIGH_MIN = 5000,
	OLD_HIGH_MAX = 65534,
};

void port_range_read(uint16_t *low, uint16_t *high)
{
	DWORD number = 0, size = sizeof(number);

	*low = DEFAULT_LOW;
	*high = DEFAULT_HIGH;
	if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", L"MaxUserPort",
	                 RRF_RT_REG_DWORD, NULL, &number, &size) != ERROR_SUCCESS)
		return;
	if (number < OLD_HIGH_MIN || number > OLD_HIGH_MAX)
		return;
	*low = OLD_LOW;
	*high = (uint16_t)number;
}
