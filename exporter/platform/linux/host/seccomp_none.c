/* SPDX-License-Identifier: Apache-2.0 */
/* No seccomp filter: a build without libseccomp, or with sanitizers, which make calls of their own. */
#include "exporter/platform/privilege.h"

#include <errno.h>

const bool privilege_has_seccomp = false;

int privilege_install_seccomp(const struct platform_rights *rights, struct platform_error *error)
{
	(void)rights;
	platform_error_set(error, "cannot install the seccomp filter: this build has none");
	return -ENOTSUP;
}
