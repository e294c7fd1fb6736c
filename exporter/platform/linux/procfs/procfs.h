/* SPDX-License-Identifier: Apache-2.0 */
/* The procfs backend: sockets from sock_diag, their owners from /proc/PID/fd. Works on every kernel. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PROCFS_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PROCFS_H

#include "exporter/platform/platform.h"

extern const struct platform_backend platform_procfs;

#endif
