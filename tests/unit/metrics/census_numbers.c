/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the census: queues, ages, ephemeral ports, and tables with many groups. */
#include "tests/unit/metrics/census_fixture.h"

static void set_queues(struct snapshot_socket *socket, uint32_t receive, uint32_t send, uint8_t flags)
{
	socket->receive_queue = receive;
	socket->send_queue = send;
	socket->flags |= flags;
}

static void test_queues_of_connections_and_listeners(void **state)
{
	struct fixture *f = *state;
	uint32_t p = rows_process(&f->snapshot, 1, 1, "p");
	const struct census_group *group;

	rows_listener(&f->snapshot, p, "0.0.0.0", 80, 3);
	rows_listener(&f->snapshot, p, "0.0.0.0", 80, 4);
	set_queues(rows_socket(&f->snapshot, p, STATE_ESTABLISHED, "10.0.0.1", 80), 10, UINT32_MAX, SOCKET_HAS_QUEUES);
	set_queues(rows_socket(&f->snapshot, p, STATE_CLOSE_WAIT, "10.0.0.1", 80), 20, UINT32_MAX, SOCKET_HAS_QUEUES);
	set_queues(rows_socket(&f->snapshot, p, STATE_ESTABLISHED, "10.0.0.1", 80), 7, 7, 0);
	set_queues(rows_socket(&f->snapshot, p, STATE_LISTEN, "10.0.0.1", 80), 7, 7, 0);
	take(f, &(struct census_options){0});
	assert_int_equal(f->census.by_local_port.count, 1);
	group = f->census.by_local_port.groups;
	assert_int_equal(group->receive_bytes, 30);
	assert_int_equal(group->send_bytes, 2 * (uint64_t)UINT32_MAX);
	assert_int_equal(group->queue_length, 7);
	assert_int_equal(group->queue_limit, 256);
}

static void test_close_wait_age(void **state)
{
	struct fixture *f = *state;
	uint32_t p = rows_process(&f->snapshot, 1, 1, "p");
	const uint32_t ages[] = {5000, 9000, 1};
	const struct census_group *group;

	for (size_t i = 0; i < 3; i++) {
		struct snapshot_socket *socket = rows_socket(&f->snapshot, p, STATE_CLOSE_WAIT, "10.0.0.1", 80);

		socket->quiet_ms = ages[i];
		socket->flags |= SOCKET_HAS_QUIET;
	}
	rows_socket(&f->snapshot, p, STATE_CLOSE_WAIT, "10.0.0.1", 80)->quiet_ms = 99999;
	rows_socket(&f->snapshot, p, STATE_ESTABLISHED, "10.0.0.1", 80)->quiet_ms = 99999;
	f->snapshot.sockets[4].flags |= SOCKET_HAS_QUIET;
	take(f, &(struct census_options){0});
	group = f->census.by_local_port.groups;
	assert_int_equal(group->aged, 3);
	assert_int_equal(group->oldest_ms, 9000);
	assert_int_equal(group->count[STATE_CLOSE_WAIT], 4);
}

static void test_ephemeral_ports(void **state)
{
	static const struct {
		uint16_t low, high, reserved;
		uint64_t used, limit;
	} cases[] = {
	        {32768, 60999, 0, 2, 28232}, {32768, 60999, 40000, 1, 28231}, {40000, 40000, 0, 1, 1},
	        {40000, 40000, 40000, 0, 0}, {0, 65535, 1, 5, 65535},         {1, 0, 0, 0, 0},
	        {65535, 65535, 0, 1, 1},     {39999, 40001, 39999, 1, 2},     {60999, 32768, 0, 0, 0},
	        {32767, 32768, 0, 1, 2},
	};
	static const uint16_t ports[] = {80, 32767, 40000, 40000, 60999, 65535};
	struct fixture *f = *state;
	uint32_t elsewhere = rows_address(&f->snapshot, rows_netns(&f->snapshot, 200), "10.0.0.1");

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		add_client(f, OWNER_NONE, STATE_TIME_WAIT, ports[i], 0);
	add_client(f, OWNER_NONE, STATE_TIME_WAIT, 50000, 0);
	f->snapshot.sockets[f->snapshot.socket_count - 1].local = elsewhere;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->snapshot.netns[0].ephemeral_low = cases[i].low;
		f->snapshot.netns[0].ephemeral_high = cases[i].high;
		memset(&f->snapshot.reserved, 0, sizeof(f->snapshot.reserved));
		if (cases[i].reserved)
			port_set_add(&f->snapshot.reserved, cases[i].reserved);
		take(f, &(struct census_options){0});
		assert_int_equal(f->census.ephemeral_used, cases[i].used);
		assert_int_equal(f->census.ephemeral_limit, cases[i].limit);
	}
}

/* Tables are right after they have grown to one group per row and shrunk again. */
static void test_many_groups(void **state)
{
	enum { MANY = 30000 };
	struct fixture *f = *state;
	uint32_t p = rows_process(&f->snapshot, 1, 1, "p");

	for (int round = 0; round < 4; round++) {
		uint32_t count = round % 2 ? 3 : MANY;

		f->snapshot.socket_count = 0;
		for (uint32_t i = 0; i < count; i++)
			add_client(f, p, STATE_ESTABLISHED, (uint16_t)(i * 7 % MANY), (uint16_t)i);
		take(f, &(struct census_options){.local_port = LOCAL_PORT_ALL});
		assert_int_equal(f->census.by_local_port.count, count);
		assert_int_equal(f->census.outbound.count, count);
		for (uint32_t i = 1; i < count; i++)
			assert_true(f->census.by_local_port.groups[i - 1].key.port <
			            f->census.by_local_port.groups[i].key.port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_queues_of_connections_and_listeners),
	        CENSUS_TEST(test_close_wait_age),
	        CENSUS_TEST(test_ephemeral_ports),
	        CENSUS_TEST(test_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
