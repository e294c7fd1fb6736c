/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager of systems whose services must speak to it: Windows'. Others refuse each of these with
 * -ENOTSUP; they run the program as it is. */
#ifndef EXPORTER_PLATFORM_SERVICE_H
#define EXPORTER_PLATFORM_SERVICE_H

#include "exporter/platform/platform.h"

/* Registers this program as a service that starts with the system, with the arguments of this very process
 * and then `argument`. 0, or -errno with *error filled. */
int service_install(const char *argument, struct platform_error *error) MUST_CHECK;
/* Stops the service if it runs, and takes it off. 0, or -errno with *error filled. */
int service_remove(struct platform_error *error) MUST_CHECK;

/* What the service does, on a thread of the service manager's, until host_wait_for_stop() has returned:
 * 0, or -errno with *error filled, which goes to the event log. */
struct service_work {
	int (*run)(void *data, struct platform_error *error);
	void *data;
};
/* Called by a process that the service manager has started: does the work as a service. What the work returned,
 * or -errno with *error filled. */
int service_run(const struct service_work *work, struct platform_error *error) MUST_CHECK;

#endif
