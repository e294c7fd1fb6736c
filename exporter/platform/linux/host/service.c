/* SPDX-License-Identifier: Apache-2.0 */
/* Services: not supported on Linux, where service managers run the program as it is. */
#include "exporter/platform/service.h"

#include <errno.h>

static int refuse(struct platform_error *error)
{
	platform_error_set(
	        error, "cannot use Windows services: not on this system (systemd and others run the program as it is)");
	return -ENOTSUP;
}

int service_install(const char *argument, const struct service_work *check, struct platform_error *error)
{
	(void)argument;
	(void)check;
	return refuse(error);
}

int service_remove(struct platform_error *error)
{
	return refuse(error);
}

int service_run(const struct service_work *work, struct platform_error *error)
{
	(void)work;
	return refuse(error);
}
