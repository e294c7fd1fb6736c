/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the process table, and of its join with the PIDs of rows. */
#include "exporter/platform/windows/tables/process_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct process_table table;
static struct snapshot snapshot;
static unsigned described;
static int describe_result;

static size_t described_rows[16];

static int describe(void *data, struct snapshot *of, uint32_t index, size_t row)
{
	assert_ptr_equal(data, &described);
	assert_ptr_equal(of, &snapshot);
	assert_int_equal(of->processes[index].start, of->processes[index].pid * 10);
	described_rows[described] = row;
	described++;
	return describe_result;
}

static const struct process_describer describer = {describe, &described};

static void add(uint32_t pid, const char *name)
{
	assert_int_equal(process_table_add(&table, pid, pid * 10, name, strlen(name)), 0);
}

static int set_up(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	described = 0;
	describe_result = 0;
	add(0, "[System Process]");
	add(4, "System");
	add(880, "svchost.exe");
	add(1234, "nginx.exe");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	process_table_release(&table);
	snapshot_release(&snapshot);
	return 0;
}

static int join_owners(const struct row_owner *owners, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_non_null(snapshot_add_socket(&snapshot));
	return process_table_join(&table, &snapshot, owners, &describer);
}

static int join(const uint32_t *pids, size_t count)
{
	struct row_owner owners[16] = {0};

	assert_true(count <= 16);
	for (size_t i = 0; i < count; i++)
		owners[i].pid = pids[i];
	return join_owners(owners, count);
}

static void assert_owner(size_t row, uint32_t pid, const char *name)
{
	uint32_t owner = snapshot.sockets[row].owner;
	const struct snapshot_process *process = &snapshot.processes[owner];

	assert_true(owner < snapshot.process_count);
	assert_int_equal(process->pid, pid);
	assert_int_equal(process->start, strcmp(name, "(exited)") == 0 ? 0 : pid * 10);
	assert_int_equal(process->text[PROCESS_NAME].length, strlen(name));
	assert_memory_equal(snapshot_text(&snapshot, process->text[PROCESS_NAME]), name, strlen(name));
}

static int describe_any(void *data, struct snapshot *of, uint32_t index, size_t row)
{
	(void)data;
	(void)of;
	(void)index;
	(void)row;
	return 0;
}

static void assert_name(size_t row, const char *name)
{
	const struct snapshot_process *process = &snapshot.processes[snapshot.sockets[row].owner];

	assert_int_equal(process->text[PROCESS_NAME].length, strlen(name));
	assert_memory_equal(snapshot_text(&snapshot, process->text[PROCESS_NAME]), name, strlen(name));
}

static void test_join(void **state)
{
	static const uint32_t pids[] = {880, 0, 1234, 880, 999, 4, 1234, 999};

	(void)state;
	assert_int_equal(join(pids, 8), 0);
	assert_owner(0, 880, "svchost.exe");
	assert_int_equal(snapshot.sockets[1].owner, OWNER_NONE); /* TIME_WAIT has no PID */
	assert_owner(2, 1234, "nginx.exe");
	assert_int_equal(snapshot.sockets[3].owner, snapshot.sockets[0].owner);
	assert_owner(4, 999, "(exited)"); /* the process has ended */
	assert_owner(5, 4, "System");
	assert_int_equal(snapshot.sockets[6].owner, snapshot.sockets[2].owner);
	assert_int_equal(snapshot.sockets[7].owner, snapshot.sockets[4].owner);
	assert_int_equal(snapshot.process_count, 4); /* only owners */
	assert_int_equal(described, 3);              /* each living one once */
}

/* A process that started after the socket was created is not its owner. Its own sockets are. */
static void test_reused(void **state)
{
	const uint64_t second = 10000000, start = 1234 * 10;
	const struct row_owner owners[] = {
	        {.pid = 1234, .created = start + 1},  {.pid = 1234, .created = 1}, /* within the step of a clock that
	                                                                              was set back */
	        {.pid = 5000, .created = 7 * second}, {.pid = 5000, .created = 12 * second}, {.pid = 5000},
	};

	(void)state;
	assert_int_equal(process_table_add(&table, 5000, 10 * second, "new.exe", 7), 0);
	for (size_t i = 0; i < 5; i++)
		assert_non_null(snapshot_add_socket(&snapshot));
	assert_int_equal(process_table_join(&table, &snapshot, owners, &(struct process_describer){describe_any, NULL}),
	                 0);
	assert_name(0, "nginx.exe");
	assert_name(1, "nginx.exe");
	assert_name(2, "(exited)");
	assert_name(3, "new.exe");
	assert_name(4, "new.exe");
	assert_int_equal(snapshot.processes[snapshot.sockets[2].owner].pid, 5000);
}

/* Each service in a process is an owner. Without services, the process is. */
static void test_services(void **state)
{
	const struct row_owner owners[] = {
	        {.pid = 880, .service = 7},  {.pid = 880, .service = 8},  {.pid = 880, .service = 7}, {.pid = 880},
	        {.pid = 1234, .service = 7}, {.pid = 1234, .service = 8},
	};
	uint32_t owner[6];

	(void)state;
	process_table_find(&table, 880)->has_services = true;
	assert_int_equal(join_owners(owners, 6), 0);
	for (size_t i = 0; i < 6; i++) {
		assert_owner(i, owners[i].pid, i < 4 ? "svchost.exe" : "nginx.exe");
		owner[i] = snapshot.sockets[i].owner;
	}
	assert_int_equal(owner[0], owner[2]);
	assert_int_equal(owner[4], owner[5]);
	assert_int_not_equal(owner[0], owner[1]);
	assert_int_not_equal(owner[0], owner[3]);
	assert_int_not_equal(owner[1], owner[3]);
	assert_int_equal(described, 4);
	assert_int_equal(described_rows[1], 1); /* the row that names the service */
}

static void test_failure(void **state)
{
	static const uint32_t pids[] = {0, 880};

	(void)state;
	describe_result = -ENOMEM;
	assert_int_equal(join(pids, 2), -ENOMEM);
}

/* A new scrape's indexes are new. */
static void test_reset(void **state)
{
	static const uint32_t pids[] = {1234};

	(void)state;
	assert_int_equal(join(pids, 1), 0);
	snapshot_reset(&snapshot);
	process_table_reset(&table);
	assert_null(process_table_find(&table, 1234));
	assert_int_equal(join(pids, 1), 0);
	assert_owner(0, 1234, "(exited)");
	snapshot_reset(&snapshot);
	process_table_reset(&table);
	add(1234, "other.exe");
	assert_int_equal(join(pids, 1), 0);
	assert_owner(0, 1234, "other.exe");
}

/* The table grows beyond its first slots. Many PIDs have equal upper bits. */
static void test_many(void **state)
{
	enum { COUNT = 5000 };
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		add(0x10000 + i * 256, name);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct process_entry *entry = process_table_find(&table, 0x10000 + i * 256);

		snprintf(name, sizeof(name), "p%u", i);
		assert_non_null(entry);
		assert_int_equal(entry->name_length, strlen(name));
		assert_memory_equal(table.names + entry->name, name, strlen(name));
		assert_null(process_table_find(&table, 0x10001 + i * 256));
	}
}

static void test_twice(void **state)
{
	(void)state;
	add(880, "another.exe");
	assert_int_equal(table.count, 4);
	assert_memory_equal(table.names + process_table_find(&table, 880)->name, "svchost.exe", 11);
}

static void test_empty(void **state)
{
	struct process_table empty = {0};

	(void)state;
	process_table_reset(&empty);
	assert_null(process_table_find(&empty, 0));
	assert_int_equal(process_table_add(&empty, 8, 0, NULL, 0), 0); /* without a name */
	assert_int_equal(process_table_find(&empty, 8)->name_length, 0);
	process_table_release(&empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_join),  TEST(test_reused), TEST(test_services), TEST(test_failure),
	        TEST(test_reset), TEST(test_many),   TEST(test_twice),    TEST(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
