/* SPDX-License-Identifier: Apache-2.0 */
/* A build without libseccomp, or with sanitizers, which call what they like. */
#include "exporter/platform/privilege.h"

#include <errno.h>

const bool privilege_has_seccomp = false;

int privilege_install_seccomp(const struct platform_rights *rights, struct platform_error *error)
{
	(void)rights;
	platform_error_set(error, "this build has no filter of system calls");
	return -ENOTSUP;
}
