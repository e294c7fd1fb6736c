/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a list of services that needs several calls, with a fake service manager in place of Windows' own. */
#include "exporter/platform/windows/names/services.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

enum { SERVICES = 2500, PAGE_SERVICES = 1000, PID = 1000 };

static unsigned calls;
static unsigned services_there = SERVICES;

/* Puts names at the end of the page, as Windows does. */
static BOOL WINAPI list_services(SC_HANDLE manager, SC_ENUM_TYPE level, DWORD type, DWORD state, BYTE *bytes,
                                 DWORD size, DWORD *missing, DWORD *count, DWORD *resume, const wchar_t *group)
{
	ENUM_SERVICE_STATUS_PROCESSW *list = (ENUM_SERVICE_STATUS_PROCESSW *)(void *)bytes;
	wchar_t *names = (wchar_t *)(void *)(bytes + size);

	assert_non_null(manager);
	assert_int_equal(level, SC_ENUM_PROCESS_INFO);
	assert_int_equal(type, SERVICE_WIN32);
	assert_int_equal(state, SERVICE_ACTIVE);
	assert_null(group);
	assert_in_range(size, PAGE_SERVICES * (sizeof(*list) + 32), 256 * 1024);
	calls++;
	for (*count = 0; *count < PAGE_SERVICES && *resume < services_there; ++*count, ++*resume) {
		names -= 16;
		_snwprintf(names, 16, L"service%05lu", *resume);
		list[*count] = (ENUM_SERVICE_STATUS_PROCESSW){
		        .lpServiceName = names, .ServiceStatusProcess.dwProcessId = PID + 4 * (*resume % SERVICES)};
	}
	*missing = (services_there - *resume) * (DWORD)(sizeof(*list) + 32);
	if (*missing == 0) {
		*resume = 0;
		return TRUE;
	}
	SetLastError(ERROR_MORE_DATA);
	return FALSE;
}

/* The function that a call through the import table finds. */
extern BOOL(WINAPI *const imported)(SC_HANDLE, SC_ENUM_TYPE, DWORD, DWORD, BYTE *, DWORD, DWORD *, DWORD *, DWORD *,
                                    const wchar_t *) __asm__("__imp_EnumServicesStatusExW");
BOOL(WINAPI *const imported)
(SC_HANDLE, SC_ENUM_TYPE, DWORD, DWORD, BYTE *, DWORD, DWORD *, DWORD *, DWORD *, const wchar_t *) = list_services;

static void test_pages(void **state)
{
	struct services services = {0};
	struct platform_error error = {""};
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	for (int round = 0; round < 2; round++) {
		calls = 0;
		assert_int_equal(services_read(&services, &error), 0);
		assert_int_equal(calls, 3);
		assert_int_equal(services.count, SERVICES);
	}
	for (uint32_t i = 0; i < SERVICES; i++) {
		struct snapshot_text text;
		char expected[16];
		uint32_t index;

		snprintf(expected, sizeof(expected), "service%05u", (unsigned)i);
		assert_int_equal(snapshot_add_process(&snapshot, PID + 4 * i, 0, &index), 0);
		assert_int_equal(services_name(&services, &snapshot, index), 0);
		text = snapshot.processes[index].text[PROCESS_UNIT];
		assert_int_equal(text.length, strlen(expected));
		assert_memory_equal(snapshot_text(&snapshot, text), expected, text.length);
	}
	services_release(&services);
	snapshot_release(&snapshot);
}

static void test_no_end(void **state)
{
	struct services services = {0};
	struct platform_error error = {""};

	(void)state;
	calls = 0;
	services_there = UINT32_MAX;
	assert_true(services_read(&services, &error) < 0);
	assert_in_range(calls, 1, SERVICES_PAGES_MAX);
	services_release(&services);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_pages),
	        cmocka_unit_test(test_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
