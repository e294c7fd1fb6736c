/* SPDX-License-Identifier: Apache-2.0 */
/* The index of sockets: by identity during a walk, by connection after it. */
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

/* A row for a connection from 192.0.2.1 to 198.51.100.`peer`. */
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
			assert_true(socket_index_mark_shared(&index_, 0xffff888000000000 + i * 2304, 0));
	}
	for (uint64_t i = 0; i < ROWS; i++) {
		assert_int_equal(socket_index_enter(&index_, 0xffff888000000000 + i * 2304, 0, &row), 1);
		assert_int_equal(row, i);
		assert_int_equal(socket_index_mark_shared(&index_, 0xffff888000000000 + i * 2304, 0), i % 1000 != 0);
	}
	assert_int_equal(index_.count, ROWS);
	assert_int_equal(socket_index_reset(&index_), 0);
	assert_int_equal(socket_index_enter(&index_, 0xffff888000000000, 0, &row), 0);
	assert_int_equal(row, 0);
}

/* Half of an identity is kept: the check tells from each other those of which it is equal. */
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
	assert_true(socket_index_mark_shared(&index_, other, check_of(8)));
	assert_true(socket_index_mark_shared(&index_, one, check_of(7)));
	assert_false(socket_index_mark_shared(&index_, one, check_of(9))); /* never entered */
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

static void connections_are_told_apart(void **state)
{
	const struct snapshot_socket *row;
	struct snapshot_socket other;
	uint32_t number;

	(void)state;
	assert_int_equal(socket_index_enter(&index_, 11, check_of(7), &number), 0);
	row = add_row(STATE_ESTABLISHED, 80, 50000);
	other = *row;
	assert_int_equal(socket_index_by_connection(&index_, &snapshot, 1), 0);
	assert_true(socket_index_has(&index_, &snapshot, &other, check_of(7)));
	other.state = STATE_TIME_WAIT; /* the same connection, later */
	assert_true(socket_index_has(&index_, &snapshot, &other, check_of(7)));
	assert_false(socket_index_has(&index_, &snapshot, &other, check_of(8)));
	other.state = STATE_LISTEN;
	assert_false(socket_index_has(&index_, &snapshot, &other, check_of(7)));
	other.state = STATE_ESTABLISHED;
	other.remote_port = 50001;
	assert_false(socket_index_has(&index_, &snapshot, &other, check_of(7)));
	other.remote_port = 50000;
	other.local_port = 81;
	assert_false(socket_index_has(&index_, &snapshot, &other, check_of(7)));
}

static void rows_that_come_later(void **state)
{
	enum { ROWS = 5000, KEPT = 100 };

	(void)state;
	assert_int_equal(socket_index_by_connection(&index_, &snapshot, 0), 0);
	for (uint32_t i = 0; i < ROWS; i++) {
		add_row(STATE_TIME_WAIT, 80, (uint16_t)i);
		assert_int_equal(socket_index_add(&index_, &snapshot, check_of((uint8_t)i)), 0);
	}
	for (uint32_t i = 0; i < ROWS; i++)
		assert_true(socket_index_has(&index_, &snapshot, &snapshot.sockets[i], check_of((uint8_t)i)));
	/* A dump that is made again forgets the rows of the first attempt. */
	assert_int_equal(socket_index_by_connection(&index_, &snapshot, KEPT), 0);
	for (uint32_t i = 0; i < ROWS; i++)
		assert_int_equal(socket_index_has(&index_, &snapshot, &snapshot.sockets[i], check_of((uint8_t)i)),
		                 i < KEPT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(identities_grow_and_are_found),  CASE(identities_with_an_equal_half), CASE(ports_are_checked),
	        CASE(mapped_addresses_check_as_ipv4), CASE(connections_are_told_apart),    CASE(rows_that_come_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
