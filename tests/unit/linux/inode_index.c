/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the inode index: growth, shared numbers, claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exporter/platform/linux/procfs/inode_index.h"

static struct snapshot snapshot;
static struct inode_index index_;

static int set_up(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	inode_index_init(&index_);
	return inode_index_reset(&index_);
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_release(&snapshot);
	inode_index_release(&index_);
	return 0;
}

static void add(uint32_t inode)
{
	uint32_t row = (uint32_t)snapshot.socket_count;

	assert_non_null(snapshot_add_socket(&snapshot));
	assert_int_equal(inode_index_add(&index_, inode, row), 0);
}

static void grows_and_finds(void **state)
{
	enum { ROWS = 100000 };

	(void)state;
	for (uint32_t i = 1; i <= ROWS; i++)
		add(i * 7919);
	assert_int_equal(index_.unresolved, ROWS);
	for (uint32_t i = 1; i <= ROWS; i++) {
		const struct inode_entry *entry = inode_index_next(&index_, i * 7919, NULL);

		assert_non_null(entry);
		assert_int_equal(entry->row, i - 1);
		assert_null(inode_index_next(&index_, i * 7919, entry));
	}
	assert_null(inode_index_next(&index_, 3, NULL));
	assert_int_equal(inode_index_reset(&index_), 0);
	assert_null(inode_index_next(&index_, 7919, NULL));
	assert_int_equal(index_.unresolved, 0);
}

static void first_claim_owns(void **state)
{
	(void)state;
	add(10);
	add(11);
	inode_index_claim(&index_, &snapshot, 10, 1);
	inode_index_claim(&index_, &snapshot, 10, 1); /* a second descriptor of the same process */
	assert_int_equal(index_.shared, 0);
	inode_index_claim(&index_, &snapshot, 10, 2);
	inode_index_claim(&index_, &snapshot, 10, 3);
	inode_index_claim(&index_, &snapshot, 12, 3); /* no such socket */
	assert_int_equal(snapshot.sockets[0].owner, 1);
	assert_int_equal(index_.shared, 1);
	assert_int_equal(index_.unresolved, 1);
	inode_index_mark_unknown(&index_, &snapshot);
	assert_int_equal(snapshot.sockets[0].owner, 1);
	assert_int_equal(snapshot.sockets[1].owner, OWNER_UNKNOWN);
}

static void one_number_for_two_sockets(void **state)
{
	(void)state;
	add(10);
	add(10);
	inode_index_claim(&index_, &snapshot, 10, 5);
	assert_int_equal(snapshot.sockets[0].owner, 5);
	assert_int_equal(snapshot.sockets[1].owner, 5);
	assert_int_equal(index_.unresolved, 0);
	assert_int_equal(index_.shared, 0);
}

static void forgets_later_rows(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 5000; i++)
		add(i);
	assert_int_equal(inode_index_forget(&index_, 1000), 0);
	assert_int_equal(index_.unresolved, 1000);
	assert_non_null(inode_index_next(&index_, 1000, NULL));
	assert_null(inode_index_next(&index_, 1001, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(grows_and_finds, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(first_claim_owns, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(one_number_for_two_sockets, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(forgets_later_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
