/* SPDX-License-Identifier: Apache-2.0 */
/* Host: the exporter's own process, and its end by a console event or the service manager. */
#include "exporter/platform/host.h"

#include <winsock2.h>

#include <windows.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>

#include "exporter/platform/windows/host/arguments.h"
#include "exporter/platform/windows/host/event_log.h"
#include "exporter/platform/windows/host/service_status.h"
#include "exporter/platform/windows/host/stop.h"
#include "exporter/platform/windows/utf16.h"
#include "exporter/platform/windows/win32_error.h"

#define ABSENT UINT64_MAX

enum {
	/* FILETIME counts 100 ns since 1601-01-01. */
	TICKS_PER_US = 10,
	TICKS_PER_MS = 10000,
	/* Windows ends the program when the handler of these events returns, or after 5 s. */
	CLOSE_GRACE_MS = 10000,
	STREAM_BYTES = 4096,
	/* The time that a stop may need. Windows ends services at a shutdown after five seconds. */
	STOP_MS = 4500,
	/* The interval at which a service checks that all parts of the program work. */
	WATCH_MS = 30000,
	EXIT_HANGS = 1,
};
#define UNIX_EPOCH_TICKS UINT64_C(116444736000000000)

/* DLLs in the program's folder, such as Downloads, are not loaded. Runs before main(), and before the constructors of
 * libraries, which load DLLs: GnuTLS's does. 101 is the first of the priorities, and others are later or have none. */
__attribute__((constructor(101))) static void search_only_the_system(void)
{
	SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
}

static UINT console_output; /* the console's code page before this program; 0: no console */

static uint64_t ticks(const FILETIME *time)
{
	return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

void host_process_read(struct host_process *process)
{
	PROCESS_MEMORY_COUNTERS_EX memory = {.cb = sizeof(memory)};
	FILETIME start, end, kernel, user;
	DWORD handles;

	*process = (struct host_process){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
	if (GetProcessTimes(GetCurrentProcess(), &start, &end, &kernel, &user)) {
		process->cpu_us = (ticks(&kernel) + ticks(&user)) / TICKS_PER_US;
		process->start_ms = (ticks(&start) - UNIX_EPOCH_TICKS) / TICKS_PER_MS;
	}
	if (GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&memory, sizeof(memory))) {
		process->resident_bytes = memory.WorkingSetSize;
		/* Both fields have the same number. Windows 7 fills the first alone, and Wine the second. */
		process->virtual_bytes = memory.PrivateUsage != 0 ? memory.PrivateUsage : memory.PagefileUsage;
	}
	/* Every process has a handle. Wine does not count handles. */
	if (GetProcessHandleCount(GetCurrentProcess(), &handles) && handles > 0)
		process->open_fds = handles;
}

void host_name(char *name, size_t size)
{
	wchar_t wide[HOST_NAME_SIZE / UTF16_AS_UTF8_MAX(1)]; /* the longest name has 63 characters */
	DWORD units = sizeof(wide) / sizeof(wide[0]);
	size_t length = 0;

	if (UTF16_AS_UTF8_MAX(units) < size && GetComputerNameExW(ComputerNameDnsHostname, wide, &units))
		length = utf16_to_utf8(name, (const uint16_t *)wide, units);
	name[length] = '\0';
}

bool host_log_write(const char *line, size_t length)
{
	if (service_status_is_service())
		return event_log_write(line, length);
	return fwrite(line, 1, length, stderr) == length && fflush(stderr) == 0;
}

bool host_log_has_priorities(void)
{
	return service_status_is_service();
}

static bool is_console(DWORD which)
{
	DWORD mode;

	return GetConsoleMode(GetStdHandle(which), &mode);
}

static void restore_console(void)
{
	SetConsoleOutputCP(console_output);
}

/* Sets the console to UTF-8, which all text of the program is. The console outlives the program. */
static void prepare_console(void)
{
	if (!is_console(STD_OUTPUT_HANDLE) && !is_console(STD_ERROR_HANDLE))
		return;
	console_output = GetConsoleOutputCP();
	if (console_output != 0 && SetConsoleOutputCP(CP_UTF8))
		atexit(restore_console);
}

int host_prepare(int *argc, char ***argv, struct platform_error *error)
{
	WSADATA data;
	int failed = WSAStartup(MAKEWORD(2, 2), &data);

	if (failed != 0)
		return win32_fail(error, "cannot use sockets", (unsigned long)failed);
	if (!arguments_fetch(argc, argv)) {
		platform_error_set(error, "cannot read the arguments: out of memory");
		return -ENOMEM;
	}
	prepare_console();
	/* The calls do nothing for a stream that is not open, as in a service. */
	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stderr), _O_BINARY);
	/* Without a buffer each byte is a write of its own, which breaks characters of several bytes on a console. */
	setvbuf(stdout, NULL, _IOFBF, STREAM_BYTES);
	setvbuf(stderr, NULL, _IOFBF, STREAM_BYTES);
	return 0;
}

/* Called on a thread of Windows. */
static BOOL WINAPI on_console_event(DWORD event)
{
	switch (event) {
	case CTRL_C_EVENT:
		stop_request("CTRL_C");
		return TRUE;
	case CTRL_BREAK_EVENT:
		stop_request("CTRL_BREAK");
		return TRUE;
	case CTRL_CLOSE_EVENT:
		stop_request("CTRL_CLOSE");
		Sleep(CLOSE_GRACE_MS); /* main() returns meanwhile */
		return TRUE;
	default: /* logoff and shutdown: a service outlives a logoff, and the service manager reports a shutdown */
		return FALSE;
	}
}

int host_prepare_to_serve(struct platform_error *error)
{
	(void)error;
	SetConsoleCtrlHandler(NULL, FALSE); /* a parent may have disabled Ctrl+C, which is inherited */
	SetConsoleCtrlHandler(on_console_event, TRUE);
	return 0;
}

/* Ends the process if main() does not return in time, because a system call of a scrape hangs. */
static DWORD WINAPI end_late(void *data)
{
	(void)data;
	Sleep(STOP_MS);
	service_status_stopped(0);
	TerminateProcess(GetCurrentProcess(), 0);
	return 0;
}

/* Windows has no reload. The service manager restarts a service that ends itself because a part of it hangs. */
const char *host_wait_for_stop(const struct host_hooks *hooks)
{
	const bool watched = service_status_is_service();
	const char *why;
	HANDLE thread;

	service_status_running();
	while ((why = stop_wait(watched ? WATCH_MS : INFINITE)) == NULL)
		if (!hooks->alive(hooks->data))
			TerminateProcess(GetCurrentProcess(), EXIT_HANGS);
	thread = CreateThread(NULL, 0, end_late, NULL, 0, NULL);
	if (thread != NULL)
		CloseHandle(thread);
	return why;
}
