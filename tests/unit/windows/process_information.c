/* SPDX-License-Identifier: Apache-2.0 */
/* Windows' list of processes, byte by byte as NtQuerySystemInformation() writes it. */
#include "exporter/platform/windows/tables/process_information.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS UINT64_C(0x7ff000001000)

static const uint16_t own_name[] = {'a', 0xf6, '.', 'e', 'x', 'e'};

/* Two processes, the second with a name behind it. Threads lie between real ones. */
static struct list {
	struct process_information idle;
	uint64_t thread[3];
	struct process_information own;
	uint16_t name[6];
} list;

static int set_up(void **state)
{
	(void)state;
	memset(&list, 0, sizeof(list));
	list.idle.next = offsetof(struct list, own);
	list.own.created = 77;
	list.own.name_bytes = sizeof(own_name);
	list.own.name = ADDRESS + offsetof(struct list, name);
	list.own.pid = 4321;
	memcpy(list.name, own_name, sizeof(own_name));
	return 0;
}

static int decode(struct process_table *table, size_t length)
{
	return process_information_decode(table, &list, length, ADDRESS);
}

static void test_layout(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct process_information, created), 32);
	assert_int_equal(offsetof(struct process_information, name_bytes), 56);
	assert_int_equal(offsetof(struct process_information, name), 64);
	assert_int_equal(offsetof(struct process_information, pid), 80);
}

static void test_decode(void **state)
{
	struct process_table table = {0};
	const struct process_entry *own;

	(void)state;
	assert_int_equal(decode(&table, sizeof(list)), 0);
	assert_int_equal(table.count, 2);
	assert_int_equal(process_table_find(&table, 0)->name_length, 0);
	own = process_table_find(&table, 4321);
	assert_non_null(own);
	assert_int_equal(own->start, 77);
	assert_int_equal(own->name_length, 7);
	assert_memory_equal(table.names + own->name, "a\xc3\xb6.exe", 7);
	process_table_release(&table);
}

/* Names that do not lie in the bytes are left out, and processes beyond the bytes are an error. */
static void test_hostile(void **state)
{
	struct process_table table = {0};

	(void)state;
	list.own.name_bytes = sizeof(own_name) + 2;
	assert_int_equal(decode(&table, offsetof(struct list, name) + sizeof(own_name)), 0);
	assert_int_equal(process_table_find(&table, 4321)->name_length, 0);
	process_table_reset(&table);
	list.own.name = ADDRESS - 2;
	assert_int_equal(decode(&table, sizeof(list)), 0);
	assert_int_equal(process_table_find(&table, 4321)->name_length, 0);
	process_table_reset(&table);
	assert_int_equal(decode(&table, sizeof(struct process_information) - 1), -EINVAL);
	assert_int_equal(decode(&table, offsetof(struct list, name) - 1), -EINVAL);
	list.idle.next = UINT32_MAX;
	assert_int_equal(decode(&table, sizeof(list)), -EINVAL);
	process_table_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(test_layout, set_up),
	        cmocka_unit_test_setup(test_decode, set_up),
	        cmocka_unit_test_setup(test_hostile, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
