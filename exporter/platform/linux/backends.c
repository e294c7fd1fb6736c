/* SPDX-License-Identifier: Apache-2.0 */
/* The backends of Linux, best first. */
#include "exporter/platform/linux/bpf/bpf.h"
#include "exporter/platform/linux/procfs/procfs.h"
#include "exporter/platform/platform.h"

#include <stddef.h>

const struct platform_backend *const platform_backends[] = {
#ifdef TCP_EXPORTER_BPF
        &platform_bpf,
#endif
        &platform_procfs,
        &platform_replay,
        NULL,
};

const char *const platform_system = "Linux";
const unsigned platform_lacks = LACKS_SERVICES;
const bool platform_names_have_case = true;
