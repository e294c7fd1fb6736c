/* SPDX-License-Identifier: Apache-2.0 */
/* Services: the interface to Windows' service manager. Other systems refuse each call with -ENOTSUP, and run the
 * program as it is. */
#ifndef EXPORTER_PLATFORM_SERVICE_H
#define EXPORTER_PLATFORM_SERVICE_H

#include "exporter/platform/platform.h"

/* Stops the service if it runs, and removes it. Returns 0, or -errno with *error filled. */
int service_remove(struct platform_error *error) MUST_CHECK;

/* The work of a service. run() is called on a thread of the service manager and returns after host_wait_for_stop():
 * 0, or -errno with *error filled, which goes to the event log. */
struct service_work {
	int (*run)(void *data, struct platform_error *error);
	void *data;
};
/* Registers this program as a service that starts with the system, with the arguments of this process and then
 * `argument`. First calls check->run(), and registers nothing if it fails. Returns 0, or -errno with *error filled. */
int service_install(const char *argument, const struct service_work *check, struct platform_error *error) MUST_CHECK;

/* Does the work as a service. Call in a process that the service manager has started. Returns the result of the
 * work, or -errno with *error filled. */
int service_run(const struct service_work *work, struct platform_error *error) MUST_CHECK;

#endif
