/* SPDX-License-Identifier: Apache-2.0 */
/* Service: runs the program as a service, and edits its entries in the service manager's database and the event log. */
#include "exporter/platform/service.h"

#include <windows.h>

#include <shellapi.h>
#include <wchar.h>

#include "exporter/platform/windows/host/service_status.h"
#include "exporter/platform/windows/host/stop.h"
#include "exporter/platform/windows/names/quote.h"
#include "exporter/platform/windows/wide.h"
#include "exporter/platform/windows/win32_error.h"

#define SERVICE_NAME L"tcp_exporter"
/* The service account with the fewest rights. It sees every socket, and the PIDs and names of all processes. It cannot
 * see the executable paths and users of other accounts' processes. */
#define SERVICE_ACCOUNT L"NT AUTHORITY\\LocalService"
/* The time for which a removal waits until the service stops, and the interval of its checks. */
enum { STOP_WAIT_MS = 10000, STOP_POLL_MS = 50 };
/* The exit code of a failure whose text is in the event log. */
enum { EXIT_FAILED = 1 };

static const struct service_work *work; /* set before the service manager's threads start */
static struct platform_error *work_error;
static int work_result;

/* Writes to the event log, under the name that service_install() registers. */
static void log_event(const char *text)
{
	wchar_t wide[sizeof(work_error->text)];
	const wchar_t *strings[] = {wide};
	HANDLE log = RegisterEventSourceW(NULL, SERVICE_NAME);

	if (log == NULL)
		return; /* no other place for the text exists */
	wide_from_utf8(wide, sizeof(wide) / sizeof(wide[0]), text);
	ReportEventW(log, EVENTLOG_ERROR_TYPE, 0, 1, NULL, 1, 0, strings, NULL);
	DeregisterEventSource(log);
}

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
		log_event(work_error->text);
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

/* The longest command line or path, terminated. */
enum { LINE_UNITS = 32768 };

struct line {
	wchar_t units[LINE_UNITS];
	size_t length;
};

static bool append(struct line *line, const wchar_t *argument)
{
	if (line->length + 1 + QUOTED_MAX(wcslen(argument)) >= LINE_UNITS)
		return false;
	if (line->length > 0)
		line->units[line->length++] = L' ';
	line->length += quote_argument((uint16_t *)line->units + line->length, (const uint16_t *)argument);
	line->units[line->length] = L'\0';
	return true;
}

/* Writes the path of this program, its arguments, and `argument`. */
static bool command_line(struct line *line, const char *argument)
{
	static wchar_t path[LINE_UNITS];
	DWORD length = GetModuleFileNameW(NULL, path, LINE_UNITS);
	wchar_t **arguments, last[64];
	bool fits;
	int count;

	arguments = CommandLineToArgvW(GetCommandLineW(), &count);
	fits = arguments != NULL && length > 0 && length < LINE_UNITS && append(line, path);
	for (int i = 1; fits && i < count; i++)
		fits = append(line, arguments[i]);
	LocalFree(arguments);
	wide_from_utf8(last, sizeof(last) / sizeof(last[0]), argument);
	return fits && append(line, last);
}

#define EVENT_SOURCE L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" SERVICE_NAME

/* Registers EventCreate.exe as the source of messages, which has one that is the text alone. Without this entry the
 * event viewer shows the text after a remark that the description is missing. */
static void register_event_source(void)
{
	static const wchar_t messages[] = L"%SystemRoot%\\System32\\EventCreate.exe";
	const DWORD types = EVENTLOG_ERROR_TYPE;

	RegSetKeyValueW(HKEY_LOCAL_MACHINE, EVENT_SOURCE, L"EventMessageFile", REG_EXPAND_SZ, messages,
	                sizeof(messages));
	RegSetKeyValueW(HKEY_LOCAL_MACHINE, EVENT_SOURCE, L"TypesSupported", REG_DWORD, &types, sizeof(types));
}

static SC_HANDLE open_manager(DWORD access, struct platform_error *error, int *result)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, access);

	if (manager == NULL)
		*result = win32_fail(error, "cannot open the service manager", GetLastError());
	return manager;
}

static void describe(SC_HANDLE service)
{
	wchar_t text[] = L"Serves the TCP connections of this host, by state, process and port, to Prometheus.";
	SERVICE_DESCRIPTIONW description = {text};

	ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &description);
}

int service_install(const char *argument, struct platform_error *error)
{
	static struct line line;
	SC_HANDLE manager, service;
	int result = 0;

	if (!command_line(&line, argument)) {
		platform_error_set(error, "cannot install the service: its command line would be too long");
		return win32_errno(ERROR_INVALID_PARAMETER);
	}
	manager = open_manager(SC_MANAGER_CREATE_SERVICE, error, &result);
	if (manager == NULL)
		return result;
	service = CreateServiceW(manager, SERVICE_NAME, L"TCP exporter for Prometheus", SERVICE_CHANGE_CONFIG,
	                         SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, line.units, NULL,
	                         NULL, L"Tcpip\0", SERVICE_ACCOUNT, NULL);
	if (service == NULL) {
		result = win32_fail(error, "cannot install the service", GetLastError());
	} else {
		describe(service);
		register_event_source();
		CloseServiceHandle(service);
	}
	CloseServiceHandle(manager);
	return result;
}

/* Stops the service and waits for its end. A removal only marks a running service, and its name stays in use. */
static void stop_and_wait(SC_HANDLE service)
{
	SERVICE_STATUS status;

	if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
		return; /* it is not running, or cannot be stopped */
	for (int waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += STOP_POLL_MS) {
		if (!QueryServiceStatus(service, &status) || status.dwCurrentState == SERVICE_STOPPED)
			return;
		Sleep(STOP_POLL_MS);
	}
}

int service_remove(struct platform_error *error)
{
	SC_HANDLE service, manager;
	int result = 0;

	manager = open_manager(SC_MANAGER_CONNECT, error, &result);
	if (manager == NULL)
		return result;
	service = OpenServiceW(manager, SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
	if (service != NULL)
		stop_and_wait(service);
	if (service == NULL || !DeleteService(service))
		result = win32_fail(error, "cannot remove the service", GetLastError());
	else
		RegDeleteTreeW(HKEY_LOCAL_MACHINE, EVENT_SOURCE);
	if (service != NULL)
		CloseServiceHandle(service);
	CloseServiceHandle(manager);
	return result;
}
