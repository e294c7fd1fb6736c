/* SPDX-License-Identifier: Apache-2.0 */
/* Stop request: a console event or the service manager makes it, and the host waits for it. */
#ifndef EXPORTER_PLATFORM_WINDOWS_HOST_STOP_H
#define EXPORTER_PLATFORM_WINDOWS_HOST_STOP_H

/* Requests the stop, for the reason `why`, a static string. Only the first request counts until stop_wait() has
 * returned it. Any thread. */
void stop_request(const char *why);

/* Waits for a request and returns its reason, or NULL after the time. `wait_ms` can be INFINITE. */
const char *stop_wait(unsigned long wait_ms);

#endif
