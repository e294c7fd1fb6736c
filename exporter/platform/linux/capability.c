/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, as capget(2) tells them. */
#include "exporter/platform/linux/capability.h"

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

int capability_check_netns(const struct platform_options *options, struct platform_error *error)
{
	if (!options->all_netns || has_capability(CAP_SYS_ADMIN))
		return 0;
	platform_error_set(error, "reading every network namespace needs CAP_SYS_ADMIN");
	return -EPERM;
}
