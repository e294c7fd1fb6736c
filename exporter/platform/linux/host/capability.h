/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the calling thread (capabilities(7)). */
#ifndef EXPORTER_PLATFORM_LINUX_HOST_CAPABILITY_H
#define EXPORTER_PLATFORM_LINUX_HOST_CAPABILITY_H

#include "exporter/platform/platform.h"

/* platform_rights.capabilities */
#define CAPABILITY_BIT(capability) (UINT64_C(1) << (capability))

/* platform_rights.calls */
enum {
	CALLS_BPF_ITERATOR = 1 << 0,
	CALLS_SETNS = 1 << 1, /* to network namespaces */
	CALLS_USERS = 1 << 2, /* the look-up of users' names, which may ask daemons */
	CALLS_BPF_LOOKUP = 1 << 3,
};

/* Returns true if a capability (CAP_ of linux/capability.h) is effective. */
bool has_capability(unsigned capability);

/*
 * Checks the rights to read every network namespace: CAP_SYS_PTRACE to find the others, CAP_SYS_ADMIN to enter them.
 * Without them a snapshot would silently miss sockets. Returns 0, or -EPERM with *error filled.
 */
int capability_check_netns(const struct platform_options *options, struct platform_error *error) MUST_CHECK;

/* Adds the rights to enter every network namespace, if the options ask for all of them. */
void capability_for_netns(const struct platform_options *options, struct platform_rights *rights);
/* Adds the system calls that the look-up of users' names makes, if the options ask for users. */
void capability_for_users(const struct platform_options *options, struct platform_rights *rights);

/* Returns true if `works` returns true while only `capabilities` are effective. Restores the effective capabilities
 * afterwards. */
bool capability_suffice(uint64_t capabilities, bool (*works)(void *data), void *data);

#endif
