/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF backend: reads sockets and their owners in one walk over the files of all processes, and the sockets that no
 * process holds in a walk over the kernel's tables (before Linux 6.1: by sock_diag). Needs Linux 5.8 with BTF, CAP_BPF
 * and CAP_PERFMON.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_BPF_H
#define EXPORTER_PLATFORM_LINUX_BPF_BPF_H

#include "exporter/platform/platform.h"

extern const struct platform_backend platform_bpf;

#endif
