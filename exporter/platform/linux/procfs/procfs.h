/* SPDX-License-Identifier: Apache-2.0 */
/* Procfs backend: reads sockets by sock_diag and their owners from /proc/PID/fd. It works on every kernel. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PROCFS_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PROCFS_H

#include "exporter/platform/platform.h"

extern const struct platform_backend platform_procfs;

#endif
