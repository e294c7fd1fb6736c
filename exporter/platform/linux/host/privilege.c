/* SPDX-License-Identifier: Apache-2.0 */
/* Privileges: drops capabilities from all sets by libcap-ng (capabilities(7)). */
#include "exporter/platform/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include <cap-ng.h>

#include "exporter/platform/linux/host/capability.h"

static int fail(const char *what, int result, struct platform_error *error)
{
	platform_error_set(error, "cannot drop privileges: %s: %s", what, strerror(-result));
	return result;
}

static bool is_kept(const struct platform_rights *rights, unsigned capability)
{
	return rights->capabilities & CAPABILITY_BIT(capability);
}

/* Chooses the new sets. libcap-ng keeps them until they are applied. */
static int choose(const struct platform_rights *rights)
{
	uint64_t permitted = 0;
	int result = 0;

	for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
		if (capng_have_capability(CAPNG_PERMITTED, i))
			permitted |= CAPABILITY_BIT(i);
	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned i = 0; i <= CAP_LAST_CAP && result == 0; i++)
		if (is_kept(rights, i) && (permitted & CAPABILITY_BIT(i)))
			result = capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, i);
	return result;
}

/* Writes the active capabilities to `kept`. Returns -EPERM if there are more than wanted. */
static int check(const struct platform_rights *rights, char *kept, size_t size)
{
	size_t length = 0;

	snprintf(kept, size, "none");
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		if (!capng_have_capability(CAPNG_PERMITTED, i))
			continue;
		if (!is_kept(rights, i))
			return -EPERM;
		if (length < size)
			length += (size_t)snprintf(kept + length, size - length, "%s%s", length > 0 ? "," : "",
			                           capng_capability_to_name(i));
	}
	return 0;
}

/*
 * The bounding set only limits what a new program can get. Clearing it needs CAP_SETPCAP. Without that capability,
 * no_new_privs prevents new capabilities.
 */
int privilege_drop(const struct platform_rights *rights, char *kept, size_t size, struct platform_error *error)
{
	capng_select_t sets = CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT;
	int result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail("no_new_privs", -errno, error);
	if (capng_get_caps_process() != 0)
		return fail("reading the capabilities", -EIO, error);
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		sets = CAPNG_SELECT_ALL;
	if (choose(rights) != 0 || capng_apply(sets) != 0 || capng_get_caps_process() != 0)
		return fail("setting the capabilities", -EPERM, error);
	result = check(rights, kept, size);
	return result != 0 ? fail("a capability was not dropped", result, error) : 0;
}
