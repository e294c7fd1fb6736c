/* SPDX-License-Identifier: Apache-2.0 */
/* What the calling thread may do (capabilities(7)). */
#ifndef EXPORTER_PLATFORM_LINUX_CAPABILITY_H
#define EXPORTER_PLATFORM_LINUX_CAPABILITY_H

#include "exporter/platform/platform.h"

/* Whether a capability, CAP_ of linux/capability.h, is in force. */
bool has_capability(unsigned capability);

/*
 * Without CAP_SYS_ADMIN the other namespaces' sockets would be missing from a snapshot of all, and nothing
 * would say so. 0, or -EPERM with *error filled.
 */
int capability_check_netns(const struct platform_options *options, struct platform_error *error) MUST_CHECK;

#endif
