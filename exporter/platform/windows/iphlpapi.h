/* SPDX-License-Identifier: Apache-2.0 */
/* IP helper backend: Windows' TCP tables, and the names of the owners from Toolhelp. */
#ifndef EXPORTER_PLATFORM_WINDOWS_IPHLPAPI_H
#define EXPORTER_PLATFORM_WINDOWS_IPHLPAPI_H

#include "exporter/platform/platform.h"

extern const struct platform_backend platform_iphlpapi;

#endif
