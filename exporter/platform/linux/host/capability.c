/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, by capget(2) and capset(2). */
#include "exporter/platform/linux/host/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

bool has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

static bool set_effective(uint64_t capabilities, uint64_t *before)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	*before = (uint64_t)data[1].effective << 32 | data[0].effective;
	data[0].effective = data[0].permitted & (uint32_t)capabilities;
	data[1].effective = data[1].permitted & (uint32_t)(capabilities >> 32);
	return syscall(SYS_capset, &header, data) == 0;
}

bool capability_suffice(uint64_t capabilities, bool (*works)(void *data), void *data)
{
	uint64_t before, meanwhile;
	bool worked;

	if (!set_effective(capabilities, &before))
		return false;
	worked = works(data);
	return set_effective(before, &meanwhile) && worked;
}

void capability_for_netns(const struct platform_options *options, struct platform_rights *rights)
{
	if (!options->all_netns)
		return;
	rights->capabilities |= CAPABILITY_BIT(CAP_SYS_ADMIN) | CAPABILITY_BIT(CAP_SYS_PTRACE);
	rights->calls |= CALLS_SETNS;
}

void capability_for_users(const struct platform_options *options, struct platform_rights *rights)
{
	if (options->want & WANT_USER)
		rights->calls |= CALLS_USERS;
}

int capability_check_netns(const struct platform_options *options, struct platform_error *error)
{
	if (!options->all_netns || (has_capability(CAP_SYS_ADMIN) && has_capability(CAP_SYS_PTRACE)))
		return 0;
	platform_error_set(error, "reading every network namespace needs CAP_SYS_ADMIN and CAP_SYS_PTRACE");
	return -EPERM;
}
