/* SPDX-License-Identifier: Apache-2.0 */
/* Service status: reports to the service manager. */
#include "exporter/platform/windows/host/service_status.h"

/* The time that a stop may need. It needs less than a second. */
enum { HINT_MS = 5000 };

static SERVICE_STATUS_HANDLE handle; /* NULL: not a service */

static void report(DWORD state, DWORD failure)
{
	SERVICE_STATUS status = {
	        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
	        .dwCurrentState = state,
	        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
	        .dwWin32ExitCode = failure != 0 ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR,
	        .dwServiceSpecificExitCode = failure,
	        .dwWaitHint = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING ? HINT_MS : 0,
	};

	if (handle != NULL)
		SetServiceStatus(handle, &status);
}

void service_status_register(const wchar_t *name, LPHANDLER_FUNCTION_EX on_control)
{
	handle = RegisterServiceCtrlHandlerExW(name, on_control, NULL);
	report(SERVICE_START_PENDING, 0);
}

bool service_status_is_service(void)
{
	return handle != NULL;
}

void service_status_running(void)
{
	report(SERVICE_RUNNING, 0);
}

void service_status_stopping(void)
{
	report(SERVICE_STOP_PENDING, 0);
}

void service_status_stopped(DWORD failure)
{
	report(SERVICE_STOPPED, failure);
}
