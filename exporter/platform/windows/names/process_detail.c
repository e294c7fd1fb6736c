/* SPDX-License-Identifier: Apache-2.0 */
/* Process details: opens processes and queries them. */
#include "exporter/platform/windows/names/process_detail.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>

#include "exporter/platform/windows/utf16.h"

static void add_start(HANDLE process, struct snapshot_process *entry)
{
	FILETIME start, end, kernel, user;

	if (GetProcessTimes(process, &start, &end, &kernel, &user))
		entry->start = (uint64_t)start.dwHighDateTime << 32 | start.dwLowDateTime;
}

static int set_utf16(struct snapshot *snapshot, uint32_t index, enum process_text which, const wchar_t *text,
                     size_t units)
{
	char *utf8 = malloc(UTF16_AS_UTF8_MAX(units) + 1);
	int result;

	if (utf8 == NULL)
		return -ENOMEM;
	result = snapshot_set_text(snapshot, index, which, utf8, utf16_to_utf8(utf8, (const uint16_t *)text, units));
	free(utf8);
	return result;
}

static int add_exe(struct process_details *details, HANDLE process, struct snapshot *snapshot, uint32_t index)
{
	DWORD length = EXE_PATH_MAX;

	if (!QueryFullProcessImageNameW(process, 0, details->path, &length))
		return 0;
	return set_utf16(snapshot, index, PROCESS_EXE, details->path, length);
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

int process_details_add(struct process_details *details, struct snapshot *snapshot, uint32_t index, unsigned want)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, snapshot->processes[index].pid);
	int result = 0;

	if (process == NULL)
		return 0; /* access is denied, or the process has ended */
	add_start(process, &snapshot->processes[index]);
	if (want & WANT_EXE)
		result = add_exe(details, process, snapshot, index);
	if (result == 0 && want & WANT_USER)
		result = add_user(details, process, snapshot, index);
	CloseHandle(process);
	return result;
}
