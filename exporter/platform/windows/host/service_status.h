/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told while the program runs as a service; nothing otherwise. */
#ifndef EXPORTER_PLATFORM_WINDOWS_HOST_SERVICE_STATUS_H
#define EXPORTER_PLATFORM_WINDOWS_HOST_SERVICE_STATUS_H

void service_status_running(void);

#endif
