/* SPDX-License-Identifier: Apache-2.0 */
/* Service status, as the program reports it to the service manager. A process that is not a service reports nothing. */
#ifndef EXPORTER_PLATFORM_WINDOWS_HOST_SERVICE_STATUS_H
#define EXPORTER_PLATFORM_WINDOWS_HOST_SERVICE_STATUS_H

#include <windows.h>

#include <stdbool.h>

/* Registers the service of that name and its control handler, and reports that it starts. Call before the others. */
void service_status_register(const wchar_t *name, LPHANDLER_FUNCTION_EX on_control);
/* Returns true after the registration. */
bool service_status_is_service(void);
void service_status_running(void);
void service_status_stopping(void);
/* Reports that the service has stopped. `failure` is the service-specific exit code (0: no failure). */
void service_status_stopped(DWORD failure);

#endif
