/* SPDX-License-Identifier: Apache-2.0 */
/* What the calling thread may do (capabilities(7)). */
#ifndef EXPORTER_PLATFORM_LINUX_HOST_CAPABILITY_H
#define EXPORTER_PLATFORM_LINUX_HOST_CAPABILITY_H

#include "exporter/platform/platform.h"

/* platform_rights.capabilities */
#define CAPABILITY_BIT(capability) (UINT64_C(1) << (capability))

/* platform_rights.calls */
enum {
	CALLS_BPF_ITERATOR = 1 << 0,
	CALLS_SETNS = 1 << 1, /* to network namespaces */
	CALLS_USERS = 1 << 2, /* what the look-up of users' names may need, which asks daemons */
};

/* Whether a capability, CAP_ of linux/capability.h, is in force. */
bool has_capability(unsigned capability);

/*
 * Without CAP_SYS_PTRACE, to find the other namespaces, and CAP_SYS_ADMIN, to enter them, their sockets would be
 * missing from a snapshot of all, and nothing would say so. 0, or -EPERM with *error filled.
 */
int capability_check_netns(const struct platform_options *options, struct platform_error *error) MUST_CHECK;

/* Adds what it takes to enter every network namespace, if the options ask for all of them. */
void capability_for_netns(const struct platform_options *options, struct platform_rights *rights);
/* Adds the system calls that the look-up of users' names makes, if the options ask for users. */
void capability_for_users(const struct platform_options *options, struct platform_rights *rights);

/* Whether `works` does with no more than `capabilities` in force, which they are for that moment. */
bool capability_suffice(uint64_t capabilities, bool (*works)(void *data), void *data);

#endif
