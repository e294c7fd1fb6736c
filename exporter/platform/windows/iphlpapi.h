/* SPDX-License-Identifier: Apache-2.0 */
/* The backend of Windows: the IP helper's TCP tables, and the names of their owners from Toolhelp. */
#ifndef EXPORTER_PLATFORM_WINDOWS_IPHLPAPI_H
#define EXPORTER_PLATFORM_WINDOWS_IPHLPAPI_H

#include "exporter/platform/platform.h"

extern const struct platform_backend platform_iphlpapi;

#endif
