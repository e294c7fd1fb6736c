/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service notification (sd_notify(3)): sends datagrams of VARIABLE=VALUE lines to the socket that systemd names in
 * the environment. The protocol is stable and small, so no library is linked for it. Without that socket every
 * function does nothing.
 */
#ifndef EXPORTER_PLATFORM_LINUX_HOST_NOTIFY_H
#define EXPORTER_PLATFORM_LINUX_HOST_NOTIFY_H

#include <stdint.h>

#include "exporter/platform/platform.h"

/* Reads the environment. Returns 0, or -errno with *error filled if the socket cannot be opened. */
int notify_open(struct platform_error *error) MUST_CHECK;

void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
/* Reports to the watchdog that the program works. */
void notify_alive(void);

/* Returns the interval between calls of notify_alive(), half of the watchdog's, or 0 without a watchdog. */
uint64_t notify_interval_ns(void);

#endif
