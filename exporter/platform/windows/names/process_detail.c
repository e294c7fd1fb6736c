/* SPDX-License-Identifier: Apache-2.0 */
/* Process details: opens processes and queries them. */
#include "exporter/platform/windows/names/process_detail.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#include "exporter/platform/windows/names/app_pool.h"
#include "exporter/platform/windows/tables/process_table.h"
#include "exporter/platform/windows/utf16.h"

/* ProcessCommandLineInformation (Windows 8.1), which winternl.h leaves out: a UNICODE_STRING, and then its text. */
enum { PROCESS_COMMAND_LINE_INFORMATION = 60 };

static int set_utf16(struct snapshot *snapshot, uint32_t index, enum process_text which, const uint16_t *text,
                     size_t units)
{
	char *utf8 = malloc(UTF16_AS_UTF8_MAX(units) + 1);
	int result;

	if (utf8 == NULL)
		return -ENOMEM;
	result = snapshot_set_text(snapshot, index, which, utf8, utf16_to_utf8(utf8, text, units));
	free(utf8);
	return result;
}

/* Adds the path. Without a right on the process, which is then NULL, the system's list still has it. */
static int add_exe(struct process_details *details, HANDLE process, struct snapshot *snapshot, uint32_t index)
{
	DWORD length = IMAGE_PATH_MAX;

	if (process == NULL || !QueryFullProcessImageNameW(process, 0, details->path, &length))
		length = (DWORD)image_path_read(snapshot->processes[index].pid, details->path);
	if (length == 0)
		return 0;
	return set_utf16(snapshot, index, PROCESS_EXE, (const uint16_t *)details->path, length);
}

static int add_user(struct process_details *details, HANDLE process, struct snapshot *snapshot, uint32_t index)
{
	const struct user_name *name = NULL;
	HANDLE token;
	int result;

	if (!OpenProcessToken(process, TOKEN_QUERY, &token))
		return 0;
	result = users_find(&details->users, token, &name);
	CloseHandle(token);
	if (result != 0 || name == NULL)
		return result;
	return snapshot_set_text(snapshot, index, PROCESS_USER, name->text, name->length);
}

static bool is_pool_worker(const struct snapshot *snapshot, uint32_t index)
{
	const struct snapshot_text name = snapshot->processes[index].text[PROCESS_NAME];

	return name.length == strlen(APP_POOL_EXE) &&
	       _strnicmp(snapshot_text(snapshot, name), APP_POOL_EXE, name.length) == 0;
}

static int add_pool(struct process_details *details, HANDLE process, struct snapshot *snapshot, uint32_t index)
{
	const UNICODE_STRING *line = (const void *)details->path;
	const uint16_t *pool;
	size_t length;

	if (!is_pool_worker(snapshot, index) ||
	    NtQueryInformationProcess(process, (PROCESSINFOCLASS)PROCESS_COMMAND_LINE_INFORMATION, details->path,
	                              sizeof(details->path), NULL) != 0)
		return 0;
	pool = app_pool_find((const uint16_t *)line->Buffer, line->Length / sizeof(*pool), &length);
	return pool != NULL ? set_utf16(snapshot, index, PROCESS_UNIT, pool, length) : 0;
}

static bool is_described(const struct snapshot_process *process, unsigned want)
{
	return (!(want & WANT_EXE) || process->text[PROCESS_EXE].length != TEXT_ABSENT) &&
	       (!(want & WANT_USER) || process->text[PROCESS_USER].length != TEXT_ABSENT);
}

int process_details_add(struct process_details *details, struct snapshot *snapshot, uint32_t index, unsigned want)
{
	const uint32_t pid = snapshot->processes[index].pid;
	HANDLE process = NULL;
	int result = 0;

	if (!(want & (WANT_EXE | WANT_USER | WANT_UNIT)) || pid == PID_SYSTEM)
		return 0; /* the system has no executable */
	process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
	if (want & WANT_EXE)
		result = add_exe(details, process, snapshot, index);
	if (result == 0 && want & WANT_USER && process != NULL)
		result = add_user(details, process, snapshot, index);
	if (result == 0 && want & WANT_UNIT && process != NULL)
		result = add_pool(details, process, snapshot, index);
	if (process != NULL)
		CloseHandle(process);
	if (result == 0 && !is_described(&snapshot->processes[index], want))
		snapshot->undescribed_processes++;
	return result;
}
