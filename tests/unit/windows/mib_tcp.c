/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the decoder of Windows' socket tables, with bytes as GetExtendedTcpTable() writes them. */
#include "exporter/platform/windows/tables/mib_tcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEADER    8
#define ROW4_SIZE 160
#define ROW6_SIZE 192

/* dwNumEntries is 2. The upper port halves of the second row have arbitrary values, as Windows allows. */
static const uint8_t table4[HEADER + 2 * ROW4_SIZE] = {
        2,    0,    0,    0,    0xee,
        0xee, 0xee, 0xee, /* and padding */
        5,    0,    0,    0,    127,
        0,    0,    1,    0x1f, 0x90,
        0,    0,    192,  0,    2,
        7,    0xc3, 0x50, 0,    0, /* */
        0x70, 3,    0,    0,       /* */
        0x88, 0x77, 0x66, 0x55, 0x44,
        0x33, 0x22, 0x11,                                 /* liCreateTimestamp */
        0x2a, 0,    0,    0,    [HEADER + ROW4_SIZE] = 2, /* OwningModuleInfo */
        0,    0,    0,    0,    0,
        0,    0,    0,    135,  9,
        9,    1,    2,    3,    4,
        0xaa, 0xbb, 8,    8, /* */
        4,    0,    0,    0,
};

static void test_v4(void **state)
{
	struct mib_row row;

	(void)state;
	assert_int_equal(sizeof(table4), HEADER + 2 * ROW4_SIZE);
	assert_int_equal(mib_count(&mib_tcp4, table4, sizeof(table4)), 2);
	row = mib_row(&mib_tcp4, table4, 0);
	assert_int_equal(row.family, 4);
	assert_int_equal(row.state, STATE_ESTABLISHED);
	assert_memory_equal(row.local, "\x7f\0\0\x01", 4);
	assert_memory_equal(row.remote, "\xc0\0\x02\x07", 4);
	assert_int_equal(row.local_port, 8080);
	assert_int_equal(row.remote_port, 50000);
	assert_int_equal(row.pid, 880);
	assert_true(row.created == 0x1122334455667788);
	assert_int_equal(row.service, 42);
	row = mib_row(&mib_tcp4, table4, 1);
	assert_int_equal(row.state, STATE_LISTEN);
	assert_int_equal(row.local_port, 135);
	assert_int_equal(row.remote_port, 0); /* undefined in a listener's row */
	assert_memory_equal(row.remote, "\0\0\0\0", 4);
	assert_int_equal(row.pid, 4);
}

static void test_v6(void **state)
{
	uint8_t table[HEADER + ROW6_SIZE] = {1};
	struct mib_tcp6_row raw = {
	        .local = {0xfe, 0x80, [15] = 1},
	        .local_scope = 3,
	        .remote = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
	        .remote_scope = 3,
	        .state = 8,
	        .pid = UINT32_MAX,
	        .created = 77,
	        .module = {5, 6},
	};
	struct mib_row row;

	(void)state;
	assert_int_equal(sizeof(raw), ROW6_SIZE);
	memcpy(&raw.local_port, "\x01\xbb\xff\xff", 4);
	memcpy(&raw.remote_port, "\xff\xff\0\0", 4);
	memcpy(table + HEADER, &raw, sizeof(raw));
	assert_int_equal(mib_count(&mib_tcp6, table, sizeof(table)), 1);
	row = mib_row(&mib_tcp6, table, 0);
	assert_int_equal(row.family, 6);
	assert_int_equal(row.state, STATE_CLOSE_WAIT);
	assert_memory_equal(row.local, raw.local, 16);
	assert_memory_equal(row.remote, raw.remote, 16);
	assert_int_equal(row.local_port, 443);
	assert_int_equal(row.remote_port, 65535);
	assert_int_equal(row.pid, UINT32_MAX);
	assert_int_equal(row.created, 77);
	assert_int_equal(row.service, 5);
}

static void test_states(void **state)
{
	static const struct {
		uint32_t raw;
		enum socket_state state;
	} cases[] = {
	        {1, STATE_CLOSED},      {2, STATE_LISTEN},    {3, STATE_SYN_SENT},   {4, STATE_SYN_RECV},
	        {5, STATE_ESTABLISHED}, {6, STATE_FIN_WAIT1}, {7, STATE_FIN_WAIT2},  {8, STATE_CLOSE_WAIT},
	        {9, STATE_CLOSING},     {10, STATE_LAST_ACK}, {11, STATE_TIME_WAIT}, {12, STATE_DELETE_TCB},
	        {0, STATE_CLOSED},      {13, STATE_CLOSED},   {100, STATE_CLOSED},   {UINT32_MAX, STATE_CLOSED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t table4_one[HEADER + ROW4_SIZE] = {1}, table6_one[HEADER + ROW6_SIZE] = {1};

		memcpy(table4_one + HEADER, &cases[i].raw, 4);
		memcpy(table6_one + HEADER + offsetof(struct mib_tcp6_row, state), &cases[i].raw, 4);
		assert_int_equal(mib_row(&mib_tcp4, table4_one, 0).state, cases[i].state);
		assert_int_equal(mib_row(&mib_tcp6, table6_one, 0).state, cases[i].state);
	}
}

/* The tables of bound sockets have shorter rows, without times and modules. */
static void test_bound(void **state)
{
	struct mib_bound4_row raw4 = {.local = {10, 0, 0, 1}, .pid = 12, .offload = 9};
	struct mib_bound6_row raw6 = {.local = {[15] = 1}, .pid = 13, .offload = 9};
	uint8_t four[4 + 28] = {1}, six[4 + 60] = {1};
	struct mib_row row;

	(void)state;
	assert_int_equal(sizeof(raw4), sizeof(four) - 4);
	assert_int_equal(sizeof(raw6), sizeof(six) - 4);
	memcpy(&raw4.local_port, "\xc0\x01", 2);
	memcpy(&raw6.local_port, "\xc0\x02", 2);
	memcpy(four + 4, &raw4, sizeof(raw4));
	memcpy(six + 4, &raw6, sizeof(raw6));
	assert_int_equal(mib_count(&mib_bound4, four, sizeof(four)), 1);
	assert_int_equal(mib_count(&mib_bound6, six, sizeof(six)), 1);
	row = mib_row(&mib_bound4, four, 0);
	assert_int_equal(row.local_port, 0xc001);
	assert_int_equal(row.pid, 12);
	assert_int_equal(row.created, 0);
	row = mib_row(&mib_bound6, six, 0);
	assert_int_equal(row.local_port, 0xc002);
	assert_int_equal(row.pid, 13);
	assert_int_equal(row.service, 0);
}

/* A table states its number of rows. Its bytes can be fewer or more. */
static void test_lengths(void **state)
{
	uint8_t table[HEADER + 2 * ROW6_SIZE] = {2};

	(void)state;
	for (size_t length = 0; length < HEADER + 2 * ROW4_SIZE; length++)
		assert_int_equal(mib_count(&mib_tcp4, table, length), -EINVAL);
	for (size_t length = 0; length < sizeof(table); length++)
		assert_int_equal(mib_count(&mib_tcp6, table, length), -EINVAL);
	assert_int_equal(mib_count(&mib_tcp4, table, HEADER + 2 * ROW4_SIZE), 2);
	assert_int_equal(mib_count(&mib_tcp4, table, sizeof(table)), 2);
	assert_int_equal(mib_count(&mib_tcp6, table, sizeof(table)), 2);
	table[0] = 0;
	assert_int_equal(mib_count(&mib_tcp4, table, HEADER), 0);
	memset(table, 0xff, 4);
	assert_int_equal(mib_count(&mib_tcp4, table, sizeof(table)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_v4),    cmocka_unit_test(test_v6),      cmocka_unit_test(test_states),
	        cmocka_unit_test(test_bound), cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
