/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the socket index: by identity during the walk over files, by connection after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf/socket_index.h"

static struct snapshot snapshot;
static struct socket_index index_;

static int set_up(void **state)
{
	const struct snapshot_netns netns = {.id = 1};
	uint32_t number;

	(void)state;
	snapshot_init(&snapshot);
	socket_index_init(&index_);
	assert_int_equal(snapshot_add_netns(&snapshot, &netns, &number), 0);
	return socket_index_reset(&index_);
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_release(&snapshot);
	socket_index_release(&index_);
	return 0;
}

/* Adds a row for a connection from 192.0.2.1 to 198.51.100.`peer`. */
static struct snapshot_socket *add_row(enum socket_state state, uint16_t local, uint16_t remote)
{
	struct snapshot_socket *row = snapshot_add_socket(&snapshot);

	assert_non_null(row);
	assert_int_equal(snapshot_intern_address(&snapshot, 0, 4, "\300\0\2\1", &row->local), 0);
	row->state = (uint8_t)state;
	row->local_port = local;
	row->remote_port = remote;
	return row;
}

#define PORTS (80u << 16 | 40000u)

static uint32_t check_of(uint8_t peer)
{
	const uint8_t remote[4] = {198, 51, 100, peer};

	return socket_index_check(&index_, 4, remote, PORTS, 0);
}

static void identities_grow_and_are_found(void **state)
{
	enum { ROWS = 100000 };
	uint32_t row;

	(void)state;
	for (uint64_t i = 0; i < ROWS; i++) {
		assert_int_equal(socket_index_enter(&index_, 0xffff888000000000 + i * 2304, 0, &row), 0);
		assert_int_equal(row, i);
		if (i % 1000 == 0) /* marks survive growth */
			assert_true(socket_index_mark_shared(&index_, row));
	}
	for (uint64_t i = 0; i < ROWS; i++) {
		assert_int_equal(socket_index_enter(&index_, 0xffff888000000000 + i * 2304, 0, &row), 1);
		assert_int_equal(row, i);
		assert_int_equal(socket_index_mark_shared(&index_, row), i % 1000 != 0);
		assert_true(socket_index_has(&index_, 0xffff888000000000 + i * 2304));
		assert_false(socket_index_has(&index_, 0xffff888000000000 + i * 2304 + 64));
	}
	assert_int_equal(index_.count, ROWS);
	assert_int_equal(socket_index_reset(&index_), 0);
	assert_int_equal(socket_index_enter(&index_, 0xffff888000000000, 0, &row), 0);
	assert_int_equal(row, 0);
}

/* The index keeps half of an identity. A check distinguishes identities with an equal half. */
static void identities_with_an_equal_half(void **state)
{
	const uint64_t one = 0xffff888000002400, other = one + (UINT64_C(1) << 38);
	uint32_t row;

	(void)state;
	assert_int_equal(socket_index_enter(&index_, one, check_of(7), &row), 0);
	assert_int_equal(socket_index_enter(&index_, other, check_of(8), &row), 0);
	assert_int_equal(row, 1);
	assert_int_equal(socket_index_enter(&index_, one, check_of(7), &row), 1);
	assert_int_equal(row, 0);
	assert_true(socket_index_mark_shared(&index_, 1));
	assert_true(socket_index_mark_shared(&index_, 0));
	assert_false(socket_index_mark_shared(&index_, 1));
}

static void ports_are_checked(void **state)
{
	const uint8_t remote[4] = {198, 51, 100, 7};

	(void)state;
	assert_int_not_equal(socket_index_check(&index_, 4, remote, PORTS + 1, 0), check_of(7));
	assert_int_not_equal(socket_index_check(&index_, 4, remote, PORTS + 65536, 0), check_of(7));
	assert_int_not_equal(socket_index_check(&index_, 4, remote, PORTS, 1), check_of(7));
}

static void mapped_addresses_check_as_ipv4(void **state)
{
	const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 7};
	const uint8_t other[16] = {[9] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 7};

	(void)state;
	assert_int_equal(socket_index_check(&index_, 6, mapped, PORTS, 0), check_of(7));
	assert_int_not_equal(socket_index_check(&index_, 6, other, PORTS, 0), check_of(7));
	assert_int_not_equal(check_of(8), check_of(7));
}

/* Appends a row and settles. Returns the number of rows that are left. */
static size_t settle_with(enum socket_state state, uint16_t local, uint16_t remote, uint8_t peer, bool may_repeat)
{
	add_row(state, local, remote);
	assert_int_equal(socket_index_append(&index_, check_of(peer), may_repeat), 0);
	assert_int_equal(socket_index_settle(&index_, &snapshot), 0);
	return snapshot.socket_count;
}

static void enter_one(void)
{
	uint32_t number;

	snapshot_reset(&snapshot);
	assert_int_equal(snapshot_add_netns(&snapshot, &(struct snapshot_netns){.id = 1}, &number), 0);
	assert_int_equal(socket_index_reset(&index_), 0);
	assert_int_equal(socket_index_enter(&index_, 11, check_of(7), &number), 0);
	add_row(STATE_ESTABLISHED, 80, 50000);
}

static void an_appended_row_repeats_none(void **state)
{
	static const struct {
		enum socket_state state;
		uint16_t local, remote;
		uint8_t peer;
		bool may_repeat;
		size_t left;
	} rows[] = {
	        {STATE_ESTABLISHED, 80, 50000, 7, true, 1},
	        {STATE_TIME_WAIT, 80, 50000, 7, true, 1},  /* the same connection, later */
	        {STATE_TIME_WAIT, 80, 50000, 7, false, 2}, /* one before it */
	        {STATE_ESTABLISHED, 80, 50000, 8, true, 2},
	        {STATE_LISTEN, 80, 50000, 7, true, 2},
	        {STATE_ESTABLISHED, 80, 50001, 7, true, 2},
	        {STATE_ESTABLISHED, 81, 50000, 7, true, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enter_one();
		assert_int_equal(
		        settle_with(rows[i].state, rows[i].local, rows[i].remote, rows[i].peer, rows[i].may_repeat),
		        rows[i].left);
		assert_int_equal(snapshot.sockets[0].state, STATE_ESTABLISHED);
	}
}

static void appended_rows_repeat_each_other(void **state)
{
	enum { ROWS = 5000, TWICE = 100 };

	(void)state;
	for (uint32_t i = 0; i < ROWS + TWICE; i++) {
		add_row(STATE_SYN_RECV, 80, (uint16_t)(i % ROWS));
		assert_int_equal(socket_index_append(&index_, check_of((uint8_t)(i % ROWS)), true), 0);
	}
	assert_int_equal(socket_index_settle(&index_, &snapshot), 0);
	assert_int_equal(snapshot.socket_count, ROWS);
	for (uint32_t i = 0; i < ROWS; i++)
		assert_int_equal(snapshot.sockets[i].remote_port, i);
}

/* A repeated dump forgets the rows of the first attempt. */
static void appended_rows_are_forgotten(void **state)
{
	(void)state;
	enter_one();
	for (uint8_t i = 0; i < 2; i++) {
		add_row(STATE_TIME_WAIT, 80, i);
		assert_int_equal(socket_index_append(&index_, check_of(i), true), 0);
	}
	socket_index_truncate(&index_, 2);
	snapshot.socket_count = 2;
	assert_int_equal(settle_with(STATE_TIME_WAIT, 80, 1, 1, true), 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(identities_grow_and_are_found),
	        CASE(identities_with_an_equal_half),
	        CASE(ports_are_checked),
	        CASE(mapped_addresses_check_as_ipv4),
	        CASE(an_appended_row_repeats_none),
	        CASE(appended_rows_repeat_each_other),
	        CASE(appended_rows_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
