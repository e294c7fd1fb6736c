/* SPDX-License-Identifier: Apache-2.0 */
/* A service of a scene. It runs until the service manager stops it. The argument is a file, which gets the PID. */
#include <windows.h>

#include <stdio.h>
#include <wchar.h>

struct service {
	SERVICE_STATUS_HANDLE handle;
	HANDLE stop;
};

static void report(const struct service *service, DWORD state)
{
	SERVICE_STATUS status = {
	        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
	        .dwCurrentState = state,
	        .dwControlsAccepted = SERVICE_ACCEPT_STOP,
	};

	SetServiceStatus(service->handle, &status);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
	const struct service *service = context;

	(void)type;
	(void)data;
	if (control == SERVICE_CONTROL_STOP)
		SetEvent(service->stop);
	return control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR
	                                                                                 : ERROR_CALL_NOT_IMPLEMENTED;
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
	struct service service = {.stop = CreateEventW(NULL, TRUE, FALSE, NULL)};

	(void)argc;
	service.handle = RegisterServiceCtrlHandlerExW(argv[0], on_control, &service);
	report(&service, SERVICE_RUNNING);
	WaitForSingleObject(service.stop, INFINITE);
	report(&service, SERVICE_STOPPED);
}

int main(int argc, char **argv)
{
	wchar_t name[] = L"scene_service";
	const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};

	FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;

	if (file == NULL)
		return 1;
	fprintf(file, "%lu\n", GetCurrentProcessId());
	fclose(file);
	return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}
