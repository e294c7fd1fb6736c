/* SPDX-License-Identifier: Apache-2.0 */
/* Service: runs the program's work as a service. */
#include "exporter/platform/service.h"

#include <windows.h>

#include <string.h>

#include "exporter/platform/windows/host/event_log.h"
#include "exporter/platform/windows/host/service_status.h"
#include "exporter/platform/windows/host/stop.h"
#include "exporter/platform/windows/win32_error.h"

/* The exit code of a failure whose text is in the event log. */
enum { EXIT_FAILED = 1 };

static const struct service_work *work; /* set before the service manager's threads start */
static struct platform_error *work_error;
static int work_result;

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
	(void)type;
	(void)data;
	(void)context;
	switch (control) {
	case SERVICE_CONTROL_STOP:
		service_status_stopping();
		stop_request("SERVICE_STOP");
		return NO_ERROR;
	case SERVICE_CONTROL_SHUTDOWN:
		service_status_stopping();
		stop_request("SHUTDOWN");
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE:
		return NO_ERROR;
	default:
		return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
	(void)argc;
	(void)argv;
	service_status_register(SERVICE_NAME, on_control);
	work_result = work->run(work->data, work_error);
	if (work_result != 0)
		event_log_write(work_error->text, strlen(work_error->text));
	service_status_stopped(work_result != 0 ? EXIT_FAILED : 0);
}

int service_run(const struct service_work *given, struct platform_error *error)
{
	wchar_t name[] = SERVICE_NAME;
	const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};

	work = given;
	work_error = error;
	if (StartServiceCtrlDispatcherW(table))
		return work_result;
	return win32_fail(error, "only the service manager can start this", GetLastError());
}
