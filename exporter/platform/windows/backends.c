/* SPDX-License-Identifier: Apache-2.0 */
/* Backends of Windows, best first. */
#include "exporter/platform/platform.h"
#include "exporter/platform/windows/iphlpapi.h"

#include <stddef.h>

const struct platform_backend *const platform_backends[] = {&platform_iphlpapi, &platform_replay, NULL};

const char *const platform_system = "Windows";
const unsigned platform_lacks = LACKS_PROCFS | LACKS_NETNS | LACKS_CONTAINERS | LACKS_ARGUMENTS | LACKS_CLOSED_OWNERS |
                                LACKS_HOLDERS | LACKS_SYSTEMD | LACKS_SECCOMP;
const bool platform_names_have_case = false;
