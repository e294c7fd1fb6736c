/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of closers: processes of the snapshot are found, and others are added once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf/closers.h"

enum { MANY = 5000 };

static struct closers closers;
static struct snapshot snapshot;

static int set_up(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	closers_begin(&closers);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	closers_release(&closers);
	snapshot_release(&snapshot);
	return 0;
}

static uint32_t find(uint32_t pid, uint64_t start, const char *comm)
{
	struct closer closer = {.pid = pid, .start = start};
	uint32_t owner;

	memcpy(closer.comm, comm, strnlen(comm, sizeof(closer.comm)));
	assert_int_equal(closers_find(&closers, &snapshot, &closer, &owner), 0);
	return owner;
}

static void expect_name(uint32_t process, const char *name)
{
	struct snapshot_text text = snapshot.processes[process].text[PROCESS_NAME];

	assert_int_equal(text.length, strlen(name));
	assert_memory_equal(snapshot_text(&snapshot, text), name, text.length);
}

static void a_process_that_holds_sockets_keeps_its_name(void **state)
{
	uint32_t process;

	(void)state;
	assert_int_equal(snapshot_add_process(&snapshot, 7, 100, &process), 0);
	assert_int_equal(snapshot_set_text(&snapshot, process, PROCESS_NAME, "renamed", 7), 0);
	assert_int_equal(find(7, 100, "as it was"), process);
	assert_int_equal(snapshot.process_count, 1);
	expect_name(process, "renamed");
}

static void a_process_that_has_ended_is_added_once(void **state)
{
	uint32_t process;

	(void)state;
	process = find(7, 100, "gone");
	assert_int_equal(find(7, 100, "gone"), process);
	assert_int_equal(snapshot.process_count, 1);
	assert_int_equal(snapshot.processes[process].pid, 7);
	assert_int_equal(snapshot.processes[process].start, 100);
	expect_name(process, "gone");
}

static void a_pid_that_was_used_twice(void **state)
{
	(void)state;
	assert_int_not_equal(find(7, 100, "first"), find(7, 200, "second"));
	assert_int_equal(snapshot.process_count, 2);
}

static void a_name_without_a_terminator(void **state)
{
	(void)state;
	expect_name(find(7, 100, "0123456789abcdef"), "0123456789abcdef");
}

static void many_processes(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < MANY; i++)
			assert_int_equal(find(i, i / 2, "many"), i);
}

static void the_next_snapshot_begins_empty(void **state)
{
	(void)state;
	find(7, 100, "gone");
	snapshot_reset(&snapshot);
	closers_begin(&closers);
	assert_int_equal(find(8, 100, "other"), 0);
	expect_name(0, "other");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(a_process_that_holds_sockets_keeps_its_name),
	        CASE(a_process_that_has_ended_is_added_once),
	        CASE(a_pid_that_was_used_twice),
	        CASE(a_name_without_a_terminator),
	        CASE(many_processes),
	        CASE(the_next_snapshot_begins_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
