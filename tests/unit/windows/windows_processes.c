/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the process table of Windows: this process, whose values the test knows, and the services. */
#include <windows.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/windows/names/process_detail.h"
#include "exporter/platform/windows/names/services.h"
#include "exporter/platform/windows/tables/processes.h"

#define OWN_NAME "unit_windows_processes.exe"

static void test_list(void **state)
{
	struct platform_error error = {""};
	struct process_table table = {0};
	struct growing buffer = {0};
	const struct process_entry *own;
	FILETIME start, end, kernel, user;

	(void)state;
	assert_true(GetProcessTimes(GetCurrentProcess(), &start, &end, &kernel, &user));
	for (int i = 0; i < 2; i++) {
		process_table_reset(&table);
		assert_int_equal(processes_read(&table, &buffer, &error), 0);
		assert_true(table.count > 2); /* this one and Windows' own */
		own = process_table_find(&table, GetCurrentProcessId());
		assert_non_null(own);
		assert_int_equal(own->name_length, strlen(OWN_NAME));
		assert_memory_equal(table.names + own->name, OWN_NAME, strlen(OWN_NAME));
		assert_true(own->start == ((uint64_t)start.dwHighDateTime << 32 | start.dwLowDateTime));
	}
	process_table_release(&table);
	growing_release(&buffer);
}

static uint32_t add_process(struct snapshot *snapshot, uint32_t pid)
{
	uint32_t index;

	assert_int_equal(snapshot_add_process(snapshot, pid, 0, &index), 0);
	return index;
}

static void assert_text(const struct snapshot *snapshot, uint32_t index, enum process_text which, const char *expected)
{
	struct snapshot_text text = snapshot->processes[index].text[which];

	assert_int_equal(text.length, strlen(expected));
	assert_memory_equal(snapshot_text(snapshot, text), expected, strlen(expected));
}

static void test_details(void **state)
{
	static struct process_details details;
	char path[MAX_PATH], user[256], domain[256] = "", expected[600];
	DWORD size = sizeof(user);
	struct snapshot snapshot;
	uint32_t own, plain, gone;

	(void)state;
	snapshot_init(&snapshot);
	own = add_process(&snapshot, GetCurrentProcessId());
	plain = add_process(&snapshot, GetCurrentProcessId());
	gone = add_process(&snapshot, 0xfffffff0);
	for (int i = 0; i < 2; i++) /* the second time, the user is known already */
		assert_int_equal(process_details_add(&details, &snapshot, own, WANT_EXE | WANT_USER), 0);
	assert_int_equal(details.users.count, 1);
	assert_true(GetModuleFileNameA(NULL, path, sizeof(path)) > 0);
	assert_text(&snapshot, own, PROCESS_EXE, path);
	assert_true(GetUserNameA(user, &size));
	assert_true(GetEnvironmentVariableA("USERDOMAIN", domain, sizeof(domain)) < sizeof(domain));
	assert_true(snapshot.processes[own].text[PROCESS_USER].length > strlen(user));
	snprintf(expected, sizeof(expected), "\\%s", user);
	assert_memory_equal(snapshot_text(&snapshot, snapshot.processes[own].text[PROCESS_USER]) +
	                            snapshot.processes[own].text[PROCESS_USER].length - strlen(expected),
	                    expected, strlen(expected));

	assert_int_equal(process_details_add(&details, &snapshot, plain, 0), 0);
	assert_null(snapshot_text(&snapshot, snapshot.processes[plain].text[PROCESS_EXE]));
	assert_null(snapshot_text(&snapshot, snapshot.processes[plain].text[PROCESS_USER]));
	assert_int_equal(process_details_add(&details, &snapshot, gone, WANT_EXE | WANT_USER), 0);
	assert_int_equal(snapshot.undescribed_processes, 1);
	assert_null(snapshot_text(&snapshot, snapshot.processes[gone].text[PROCESS_EXE]));
	users_release(&details.users);
	snapshot_release(&snapshot);
}

/* Each process has exactly the services that the list gives it, in order. */
static void test_services(void **state)
{
	struct services services = {0};
	struct platform_error error = {""};
	const ENUM_SERVICE_STATUS_PROCESSW *list;
	struct snapshot snapshot;
	uint32_t index;

	(void)state;
	snapshot_init(&snapshot);
	assert_int_equal(services_read(&services, &error), 0);
	assert_true(services.count > 0); /* the service manager starts its own */
	list = services.list;
	for (size_t i = 1; i < services.count; i++)
		assert_true(list[i - 1].ServiceStatusProcess.dwProcessId <= list[i].ServiceStatusProcess.dwProcessId);
	for (size_t i = 0; i < services.count; i++) {
		char expected[512] = "";

		for (size_t j = 0; j < services.count; j++) {
			size_t length = strlen(expected);

			if (list[j].ServiceStatusProcess.dwProcessId == list[i].ServiceStatusProcess.dwProcessId)
				snprintf(expected + length, sizeof(expected) - length, "%s%ls", length > 0 ? "," : "",
				         list[j].lpServiceName);
		}
		index = add_process(&snapshot, list[i].ServiceStatusProcess.dwProcessId);
		assert_int_equal(services_name(&services, &snapshot, index), 0);
		assert_text(&snapshot, index, PROCESS_UNIT, expected);
	}
	index = add_process(&snapshot, GetCurrentProcessId());
	assert_int_equal(services_name(&services, &snapshot, index), 0);
	assert_null(snapshot_text(&snapshot, snapshot.processes[index].text[PROCESS_UNIT]));
	services_release(&services);
	snapshot_release(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_list),
	        cmocka_unit_test(test_details),
	        cmocka_unit_test(test_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
