/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF backend: sockets and their owners from one walk over the files of all processes, the sockets that no
 * process holds from another over the kernel's table of connections; before Linux 6.2 from sock_diag. Needs Linux 5.8
 * with BTF, CAP_BPF and CAP_PERFMON.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_BPF_H
#define EXPORTER_PLATFORM_LINUX_BPF_BPF_H

#include "exporter/platform/platform.h"

extern const struct platform_backend platform_bpf;

#endif
