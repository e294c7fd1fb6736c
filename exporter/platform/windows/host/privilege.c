/* SPDX-License-Identifier: Apache-2.0 */
/* Privileges: nothing to drop, since the service's account has few privileges (service.c). */
#include "exporter/platform/privilege.h"

#include <errno.h>
#include <stdio.h>

const bool privilege_has_seccomp = false;

int privilege_drop(const struct platform_rights *rights, char *kept, size_t size, struct platform_error *error)
{
	(void)rights;
	(void)error;
	snprintf(kept, size, "those of the account");
	return 0;
}

int privilege_install_seccomp(const struct platform_rights *rights, struct platform_error *error)
{
	(void)rights;
	platform_error_set(error, "there is no seccomp filter on Windows");
	return -ENOTSUP;
}
