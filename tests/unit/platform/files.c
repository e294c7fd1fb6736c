/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of files: their facts, opening them, and the folders in their names. */
#include "exporter/platform/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char name[64], other[64];

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(name, sizeof(name), "unit_files_%d.tmp", (int)getpid());
	snprintf(other, sizeof(other), "unit_files_%d.new", (int)getpid());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)remove(name);
	(void)remove(other);
	return 0;
}

static struct file_facts facts_of(const char *path)
{
	struct file_facts facts;

	memset(&facts, 0, sizeof(facts));
	assert_int_equal(host_file_facts(path, &facts), 0);
	return facts;
}

/* The facts change with the size, and with the file behind the name. */
static void test_facts(void **state)
{
	const uint64_t year_2020_ns = UINT64_C(1577836800000000000), year_2120_ns = UINT64_C(4733510400000000000);
	struct file_facts first, longer, replaced;

	(void)state;
	assert_int_equal(host_file_facts(name, &first), -ENOENT);
	write_file(name, "text");
	first = facts_of(name);
	assert_int_equal(first.size, 4);
	assert_true(first.modified_ns > year_2020_ns && first.modified_ns < year_2120_ns);
	assert_true(first.changed_ns > year_2020_ns && first.changed_ns < year_2120_ns);
	write_file(name, "longer");
	longer = facts_of(name);
	assert_int_equal(longer.size, 6);
	assert_true(longer.device == first.device && longer.inode == first.inode);
	write_file(other, "others");
	replaced = facts_of(other);
	assert_true(replaced.device == first.device && replaced.inode != first.inode);
}

/* Another program can write and delete a file that is open. */
static void test_open(void **state)
{
	char bytes[16];
	uint64_t size;
	int fd;

	(void)state;
	assert_int_equal(host_file_open_regular(name, &size), -ENOENT);
	assert_int_equal(host_file_open_regular(".", &size), -EISDIR);
	write_file(name, "a\r\nb\032");
	fd = host_file_open_regular(name, &size);
	assert_true(fd >= 0);
	assert_int_equal(size, 5);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "a\r\nb\032", 5);
	write_file(name, "new");
	assert_int_equal(remove(name), 0);
	assert_int_equal(close(fd), 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(host_file_folder("web.yml"), 0);
	assert_int_equal(host_file_folder("/etc/web.yml"), 5);
	assert_int_equal(host_file_folder("a/b/web.yml"), 4);
	assert_true(host_file_is_absolute("/etc/web.yml"));
	assert_false(host_file_is_absolute("web.yml"));
	assert_false(host_file_is_absolute(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_facts, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
	        cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
