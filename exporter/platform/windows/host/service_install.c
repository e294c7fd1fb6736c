/* SPDX-License-Identifier: Apache-2.0 */
/* Service installation: edits the program's entry in the service manager's database. */
#include <windows.h>

#include <errno.h>
#include <shellapi.h>
#include <wchar.h>

#include "exporter/platform/service.h"
#include "exporter/platform/windows/host/event_log.h"
#include "exporter/platform/windows/names/quote.h"
#include "exporter/platform/windows/wide.h"
#include "exporter/platform/windows/win32_error.h"

/* The service's own account, which Windows makes for it and no other program has. It sees every socket, and the PIDs,
 * names and executables of all processes. It cannot see the users of other accounts' processes. */
#define SERVICE_ACCOUNT L"NT SERVICE\\tcp_exporter"
/* The time for which a removal waits until the service stops, and the interval of its checks. */
enum { STOP_WAIT_MS = 10000, STOP_POLL_MS = 50 };

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

static SC_HANDLE open_manager(DWORD access, struct platform_error *error, int *result)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, access);

	if (manager == NULL)
		*result = win32_fail(error, "cannot open the service manager", GetLastError());
	return manager;
}

/* Sets a property. A system that does not know it, as Wine does not, is no failure. */
static bool set(SC_HANDLE service, DWORD level, void *property)
{
	return ChangeServiceConfig2W(service, level, property) || GetLastError() == ERROR_INVALID_LEVEL;
}

/* Restarts the service after a failure: soon, then later. Failures count until the service runs for a day. */
static bool set_failure_actions(SC_HANDLE service)
{
	enum { ACTIONS = 3, DAY_S = 86400 };
	SC_ACTION actions[ACTIONS] = {
	        {SC_ACTION_RESTART, 5000}, {SC_ACTION_RESTART, 30000}, {SC_ACTION_RESTART, 60000}};
	SERVICE_FAILURE_ACTIONSW failure = {.dwResetPeriod = DAY_S, .cActions = ACTIONS, .lpsaActions = actions};
	SERVICE_FAILURE_ACTIONS_FLAG also_exit_codes = {TRUE};

	return set(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure) &&
	       set(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_exit_codes);
}

/* Removes all privileges of the account but the one that every program has. */
static bool set_privileges(SC_HANDLE service)
{
	wchar_t names[] = L"SeChangeNotifyPrivilege\0";
	SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = {names};

	return set(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges);
}

static bool describe(SC_HANDLE service)
{
	wchar_t text[] = L"Serves the TCP connections of this host, by state, process and port, to Prometheus.";
	SERVICE_DESCRIPTIONW description = {text};

	return set(service, SERVICE_CONFIG_DESCRIPTION, &description);
}

/* Creates the service. Returns NULL with *error filled if Windows refuses. */
static SC_HANDLE create(SC_HANDLE manager, const wchar_t *line, struct platform_error *error, int *result)
{
	SC_HANDLE service = CreateServiceW(manager, SERVICE_NAME, L"TCP exporter for Prometheus",
	                                   SERVICE_CHANGE_CONFIG | SERVICE_START | DELETE, SERVICE_WIN32_OWN_PROCESS,
	                                   SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, line, NULL, NULL, L"Tcpip\0",
	                                   SERVICE_ACCOUNT, NULL);

	if (service == NULL)
		*result = win32_fail(error, "cannot install the service", GetLastError());
	return service;
}

/* Sets the properties that CreateService() does not. A service without one of them is not left behind. */
static int configure(SC_HANDLE service, struct platform_error *error)
{
	int result;

	if (describe(service) && set_privileges(service) && set_failure_actions(service))
		return 0;
	result = win32_fail(error, "cannot configure the service", GetLastError());
	DeleteService(service);
	return result;
}

int service_install(const char *argument, const struct service_work *check, struct platform_error *error)
{
	static struct line line;
	SC_HANDLE manager, service;
	int result = check->run(check->data, error);

	if (result != 0)
		return result;
	if (!command_line(&line, argument)) {
		platform_error_set(error, "cannot install the service: its command line would be too long");
		return win32_errno(ERROR_INVALID_PARAMETER);
	}
	manager = open_manager(SC_MANAGER_CREATE_SERVICE, error, &result);
	if (manager == NULL)
		return result;
	service = create(manager, line.units, error, &result);
	if (service != NULL) {
		result = configure(service, error);
		CloseServiceHandle(service);
	}
	if (result == 0)
		event_log_register();
	CloseServiceHandle(manager);
	return result;
}

/* Stops the service and waits for its end. A removal only marks a running service, and its name stays in use. A service
 * that is starting refuses to stop, so the request is repeated. Returns false if it still runs. */
static bool stop_and_wait(SC_HANDLE service)
{
	SERVICE_STATUS status;

	for (int waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += STOP_POLL_MS) {
		if (!ControlService(service, SERVICE_CONTROL_STOP, &status) &&
		    GetLastError() == ERROR_SERVICE_NOT_ACTIVE)
			return true;
		Sleep(STOP_POLL_MS);
	}
	return false;
}

/* Removes the service. Windows keeps one that still runs until it ends. */
static int remove_stopped(SC_HANDLE service, struct platform_error *error)
{
	const bool stopped = stop_and_wait(service);

	if (!DeleteService(service))
		return win32_fail(error, "cannot remove the service", GetLastError());
	event_log_unregister();
	if (stopped)
		return 0;
	platform_error_set(error, "the service still runs; Windows removes it when it has ended");
	return -EBUSY;
}

int service_remove(struct platform_error *error)
{
	SC_HANDLE service, manager;
	int result = 0;

	manager = open_manager(SC_MANAGER_CONNECT, error, &result);
	if (manager == NULL)
		return result;
	service = OpenServiceW(manager, SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
	if (service != NULL) {
		result = remove_stopped(service, error);
		CloseServiceHandle(service);
	} else {
		result = win32_fail(error, "cannot remove the service", GetLastError());
	}
	CloseServiceHandle(manager);
	return result;
}
