/* SPDX-License-Identifier: Apache-2.0 */
/* Backends of Windows, best first. */
#include "exporter/platform/platform.h"
#include "exporter/platform/windows/iphlpapi.h"

#include <stddef.h>

const struct platform_backend *const platform_backends[] = {&platform_iphlpapi, &platform_replay, NULL};

const bool platform_names_have_case = false;
