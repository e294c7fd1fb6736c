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

static int describe(void *data, struct snapshot *of, uint32_t index)
{
	assert_ptr_equal(data, &described);
	assert_ptr_equal(of, &snapshot);
	of->processes[index].start = of->processes[index].pid * 10;
	described++;
	return describe_result;
}

static const struct process_describer describer = {describe, &described};

static void add(uint32_t pid, const char *name)
{
	assert_int_equal(process_table_add(&table, pid, name, strlen(name)), 0);
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

static int join(const uint32_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_non_null(snapshot_add_socket(&snapshot));
	return process_table_join(&table, &snapshot, pids, &describer);
}

static void assert_owner(size_t row, uint32_t pid, const char *name)
{
	uint32_t owner = snapshot.sockets[row].owner;
	const struct snapshot_process *process = &snapshot.processes[owner];

	assert_true(owner < snapshot.process_count);
	assert_int_equal(process->pid, pid);
	assert_int_equal(process->start, pid * 10);
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
	assert_owner(4, 999, "(unknown)"); /* the process has ended */
	assert_owner(5, 4, "System");
	assert_int_equal(snapshot.sockets[6].owner, snapshot.sockets[2].owner);
	assert_int_equal(snapshot.sockets[7].owner, snapshot.sockets[4].owner);
	assert_int_equal(snapshot.process_count, 4); /* only owners */
	assert_int_equal(described, 4);              /* each once */
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
	assert_owner(0, 1234, "(unknown)");
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
	assert_int_equal(process_table_add(&empty, 8, NULL, 0), 0); /* without a name */
	assert_int_equal(process_table_find(&empty, 8)->name_length, 0);
	process_table_release(&empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_join), TEST(test_failure), TEST(test_reset),
	        TEST(test_many), TEST(test_twice),   TEST(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
