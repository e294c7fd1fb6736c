/* SPDX-License-Identifier: Apache-2.0 */
/* Toolhelp: reads the processes from CreateToolhelp32Snapshot(). */
#include "exporter/platform/windows/tables/toolhelp.h"

#include <windows.h>

#include <errno.h>
#include <tlhelp32.h>

#include "exporter/platform/windows/utf16.h"
#include "exporter/platform/windows/win32_error.h"

/* ERROR_BAD_LENGTH asks for another try, since processes come and go faster than they are copied. */
enum { TRIES_MAX = 10 };

static HANDLE take(unsigned long *code)
{
	HANDLE all = INVALID_HANDLE_VALUE;

	*code = ERROR_BAD_LENGTH;
	for (int i = 0; all == INVALID_HANDLE_VALUE && *code == ERROR_BAD_LENGTH && i < TRIES_MAX; i++) {
		all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
		*code = GetLastError();
	}
	return all;
}

static int add(struct process_table *table, const PROCESSENTRY32W *process)
{
	char name[UTF16_AS_UTF8_MAX(MAX_PATH)];
	size_t units = utf16_length((const uint16_t *)process->szExeFile, MAX_PATH);

	return process_table_add(table, process->th32ProcessID, name,
	                         utf16_to_utf8(name, (const uint16_t *)process->szExeFile, units));
}

int toolhelp_read(struct process_table *table, struct deadline *deadline, struct platform_error *error)
{
	PROCESSENTRY32W process = {.dwSize = sizeof(process)};
	unsigned long code;
	HANDLE all = take(&code);
	int result = 0;
	bool more;

	if (all == INVALID_HANDLE_VALUE)
		return win32_fail(error, "cannot take a snapshot of the processes", code);
	for (more = Process32FirstW(all, &process); more && result == 0; more = Process32NextW(all, &process)) {
		result = add(table, &process);
		if (result == 0)
			result = deadline_check(deadline);
	}
	code = GetLastError();
	if (result == 0 && code != ERROR_NO_MORE_FILES)
		result = win32_fail(error, "cannot list the processes", code);
	else if (result != 0)
		platform_error_set(error, result == -ENOMEM ? "out of memory" : "no time left to list the processes");
	CloseHandle(all);
	return result;
}
