/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd wants to be told (sd_notify(3)): datagrams of VARIABLE=VALUE lines to the socket that it names in
 * the environment. The protocol is stable and small, so that no library is linked for it. Where nobody asked, all
 * of this does nothing.
 */
#ifndef EXPORTER_PLATFORM_LINUX_HOST_NOTIFY_H
#define EXPORTER_PLATFORM_LINUX_HOST_NOTIFY_H

#include <stdint.h>

#include "exporter/platform/platform.h"

/* Takes the wishes from the environment. 0, or -errno with *error filled: somebody wants to be told and cannot be. */
int notify_open(struct platform_error *error) MUST_CHECK;

void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
/* The program is watched and well. */
void notify_alive(void);

/* How often notify_alive() is wanted, twice as often as needed; 0: not at all. */
uint64_t notify_interval_ns(void);

#endif
