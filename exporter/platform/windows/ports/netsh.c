/* SPDX-License-Identifier: Apache-2.0 */
/* netsh.exe, from the system's folder. It inherits its output and nothing else: sockets that it held would stay open.
 */
#include "exporter/platform/windows/ports/netsh.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum {
	RUN_MS = 10000, /* a command needs a tenth of a second */
	POLL_MS = 20,
	PIPE_BYTES = 64 * 1024, /* a hint to Windows; the output is mostly shorter */
	LINE_UNITS = MAX_PATH + 128,
};

/* A running command, and the end of the pipe that it writes to. */
struct command {
	HANDLE process, output;
};

/* Starts the program with `output` for its standard output and error. `attributes` has that handle alone. */
static HANDLE start_with(wchar_t *line, HANDLE output, LPPROC_THREAD_ATTRIBUTE_LIST attributes)
{
	STARTUPINFOEXW start = {
	        .StartupInfo = {.cb = sizeof(start),
	                        .dwFlags = STARTF_USESTDHANDLES,
	                        .hStdOutput = output,
	                        .hStdError = output},
	        .lpAttributeList = attributes,
	};
	PROCESS_INFORMATION made;

	if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
	                    &start.StartupInfo, &made))
		return NULL;
	CloseHandle(made.hThread);
	return made.hProcess;
}

static HANDLE start_process(wchar_t *line, HANDLE output)
{
	LPPROC_THREAD_ATTRIBUTE_LIST attributes;
	HANDLE process = NULL;
	SIZE_T size = 0;

	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	attributes = malloc(size);
	if (attributes == NULL)
		return NULL;
	if (InitializeProcThreadAttributeList(attributes, 1, 0, &size)) {
		if (UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &output, sizeof(output),
		                              NULL, NULL))
			process = start_with(line, output, attributes);
		DeleteProcThreadAttributeList(attributes);
	}
	free(attributes);
	return process;
}

static bool start(struct command *command, const wchar_t *arguments)
{
	SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
	wchar_t folder[MAX_PATH], line[LINE_UNITS];
	HANDLE output;

	if (GetSystemDirectoryW(folder, MAX_PATH) == 0 ||
	    swprintf(line, LINE_UNITS, L"\"%ls\\netsh.exe\" %ls", folder, arguments) < 0 ||
	    !CreatePipe(&command->output, &output, &inherited, PIPE_BYTES))
		return false;
	SetHandleInformation(command->output, HANDLE_FLAG_INHERIT, 0);
	command->process = start_process(line, output);
	CloseHandle(output);
	if (command->process == NULL)
		CloseHandle(command->output);
	return command->process != NULL;
}

/* Reads the bytes that are in the pipe. Returns false if they do not fit. */
static bool drain(HANDLE output, char bytes[NETSH_BYTES_MAX], size_t *length)
{
	DWORD ready = 0, got = 0;

	while (PeekNamedPipe(output, NULL, 0, NULL, &ready, NULL) && ready > 0) {
		if (ready > NETSH_BYTES_MAX - *length)
			return false;
		if (!ReadFile(output, bytes + *length, ready, &got, NULL))
			return false;
		*length += got;
	}
	return true;
}

/* Waits until the command ends. Returns false if it must be ended, or does not fit. */
static bool wait_for(const struct command *command, HANDLE stop, char bytes[NETSH_BYTES_MAX], size_t *length)
{
	const HANDLE events[] = {command->process, stop};

	for (int waited_ms = 0; waited_ms < RUN_MS; waited_ms += POLL_MS) {
		DWORD which = WaitForMultipleObjects(2, events, FALSE, POLL_MS);

		if (which != WAIT_OBJECT_0 && which != WAIT_TIMEOUT)
			return false;
		if (!drain(command->output, bytes, length))
			return false;
		if (which == WAIT_OBJECT_0)
			return true;
	}
	return false;
}

bool netsh_run(const wchar_t *arguments, HANDLE stop, char bytes[NETSH_BYTES_MAX], size_t *length)
{
	struct command command;
	bool complete;

	*length = 0;
	if (!start(&command, arguments))
		return false;
	complete = wait_for(&command, stop, bytes, length);
	if (!complete)
		TerminateProcess(command.process, 1);
	CloseHandle(command.process);
	CloseHandle(command.output);
	return complete;
}
