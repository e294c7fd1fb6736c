/* SPDX-License-Identifier: Apache-2.0 */
/* Event log: reports events and registers their source. */
#include "exporter/platform/windows/host/event_log.h"

#include <windows.h>

#include <string.h>

#include "exporter/platform/windows/wide.h"

enum {
	/* The longest line of the log, in bytes, and the terminator */
	LINE_MAX_BYTES = 4096 + 1,
	/* The priorities of a journal (sd-daemon(3)) */
	PRIORITY_ERROR = '3',
	PRIORITY_WARNING = '4',
};
/* The message of EventCreate.exe that is the text alone */
#define EVENT_TEXT_ALONE 1

#define EVENT_SOURCE L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" SERVICE_NAME

static WORD type_of(char priority)
{
	if (priority <= PRIORITY_ERROR)
		return EVENTLOG_ERROR_TYPE;
	return priority == PRIORITY_WARNING ? EVENTLOG_WARNING_TYPE : EVENTLOG_INFORMATION_TYPE;
}

bool event_log_write(const char *line, size_t length)
{
	const bool has_priority = length >= 3 && line[0] == '<' && line[2] == '>';
	const size_t start = has_priority ? 3 : 0;
	char text[LINE_MAX_BYTES];
	wchar_t wide[LINE_MAX_BYTES];
	const wchar_t *strings[] = {wide};
	HANDLE log = RegisterEventSourceW(NULL, SERVICE_NAME);
	bool written;

	if (log == NULL)
		return false;
	length = length - start < sizeof(text) ? length - start : sizeof(text) - 1;
	memcpy(text, line + start, length);
	text[length] = '\0';
	wide_from_utf8(wide, sizeof(wide) / sizeof(wide[0]), text);
	written = ReportEventW(log, type_of(has_priority ? line[1] : PRIORITY_ERROR), 0, EVENT_TEXT_ALONE, NULL, 1, 0,
	                       strings, NULL);
	DeregisterEventSource(log);
	return written;
}

void event_log_register(void)
{
	static const wchar_t messages[] = L"%SystemRoot%\\System32\\EventCreate.exe";
	const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;

	RegSetKeyValueW(HKEY_LOCAL_MACHINE, EVENT_SOURCE, L"EventMessageFile", REG_EXPAND_SZ, messages,
	                sizeof(messages));
	RegSetKeyValueW(HKEY_LOCAL_MACHINE, EVENT_SOURCE, L"TypesSupported", REG_DWORD, &types, sizeof(types));
}

void event_log_unregister(void)
{
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, EVENT_SOURCE);
}
