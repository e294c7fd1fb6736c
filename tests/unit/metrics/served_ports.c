/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of served ports: the ports of the set, and how long it remembers them. */
#include "tests/unit/metrics/rows.h"

#include "metrics/census/served_ports.h"

#include <stdlib.h>

struct fixture {
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
};

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	if (!f)
		return -1;
	snapshot_init(&f->snapshot);
	listeners_init(&f->listeners);
	served_ports_init(&f->served);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	snapshot_release(&f->snapshot);
	listeners_release(&f->listeners);
	served_ports_release(&f->served);
	free(f);
	return 0;
}

/* Begins a snapshot with this number of namespaces, numbered from 1. */
static void begin(struct fixture *f, uint32_t namespaces)
{
	snapshot_reset(&f->snapshot);
	for (uint32_t i = 1; i <= namespaces; i++)
		rows_netns(&f->snapshot, i);
}

static void update(struct fixture *f)
{
	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	assert_int_equal(served_ports_update(&f->served, &f->snapshot, &f->listeners), 0);
}

static bool serves(const struct fixture *f, uint32_t netns, uint16_t port)
{
	return served_ports_have(&f->served, &f->snapshot, netns, port);
}

static void connect_in(struct fixture *f, uint32_t netns, uint16_t port)
{
	rows_socket(&f->snapshot, OWNER_NONE, STATE_TIME_WAIT, "10.0.0.1", port)->local =
	        rows_address(&f->snapshot, netns, "10.0.0.1");
}

static void test_nothing_is_served(void **state)
{
	struct fixture *f = *state;

	begin(f, 1);
	connect_in(f, 0, 80);
	update(f);
	assert_false(serves(f, 0, 80));
}

static void test_a_port_is_remembered_while_it_has_connections(void **state)
{
	struct fixture *f = *state;

	begin(f, 1);
	rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", 80, 0);
	rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", 81, 0);
	update(f);
	assert_true(serves(f, 0, 80) && serves(f, 0, 81) && !serves(f, 0, 82));
	for (int scrape = 0; scrape < 3; scrape++) {
		begin(f, 1);
		connect_in(f, 0, 80);
		update(f);
		assert_true(serves(f, 0, 80));
		assert_false(serves(f, 0, 81)); /* a port without a connection is forgotten at once */
	}
	begin(f, 1);
	update(f);
	begin(f, 1);
	connect_in(f, 0, 80);
	update(f);
	assert_false(serves(f, 0, 80));
}

/* Served ports are remembered by the namespace's id, not by its index. */
static void test_memory_is_by_namespace(void **state)
{
	struct fixture *f = *state;

	begin(f, 2);
	rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", 80, 0)->local = rows_address(&f->snapshot, 1, "0.0.0.0");
	update(f);
	assert_false(serves(f, 0, 80));
	assert_true(serves(f, 1, 80));
	snapshot_reset(&f->snapshot);
	rows_netns(&f->snapshot, 1);
	rows_netns(&f->snapshot, 7);
	rows_netns(&f->snapshot, 2);
	for (uint32_t netns = 0; netns < 3; netns++)
		connect_in(f, netns, 80);
	update(f);
	assert_true(!serves(f, 0, 80) && !serves(f, 1, 80) && serves(f, 2, 80));
}

/* A bounded number of closed ports is remembered. Ports with a listener are always in the set. */
static void test_memory_is_bounded(void **state)
{
	enum { PORTS = 6000, BOUND = 4096 };
	struct fixture *f = *state;
	size_t remembered = 0;

	begin(f, 1);
	for (uint16_t port = 1; port <= PORTS; port++)
		rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", port, 0);
	update(f);
	assert_true(serves(f, 0, PORTS));
	begin(f, 1);
	for (uint16_t port = 1; port <= PORTS; port++)
		connect_in(f, 0, port);
	rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", PORTS, 0);
	update(f);
	for (uint16_t port = 1; port < PORTS; port++)
		remembered += serves(f, 0, port);
	assert_int_equal(remembered, BOUND);
	assert_true(serves(f, 0, PORTS));
}

/* Compares many listeners in many namespaces, then few, with a linear search. */
static void test_against_a_plain_search(void **state)
{
	enum { NETNS = 5, PORTS = 40, LISTENERS = 300, FEW = 20 };
	struct fixture *f = *state;

	for (int round = 0; round < 2; round++) {
		begin(f, NETNS);
		for (uint32_t i = 0; i < (round ? FEW : LISTENERS); i++)
			rows_listener(&f->snapshot, OWNER_NONE, "::", (uint16_t)(i * i % PORTS), 0)->local =
			        rows_address(&f->snapshot, i * 7 % NETNS, i % 3 ? "::" : "0.0.0.0");
		update(f);
		for (uint32_t netns = 0; netns < NETNS; netns++) {
			for (uint16_t port = 0; port < PORTS + 1; port++) {
				bool found = false;

				for (size_t i = 0; i < f->snapshot.socket_count; i++) {
					const struct snapshot_socket *socket = &f->snapshot.sockets[i];

					found |= socket->local_port == port &&
					         f->snapshot.addresses[socket->local].netns == netns;
				}
				assert_int_equal(serves(f, netns, port), found);
			}
		}
	}
}

#define SERVED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        SERVED_TEST(test_nothing_is_served),
	        SERVED_TEST(test_a_port_is_remembered_while_it_has_connections),
	        SERVED_TEST(test_memory_is_by_namespace),
	        SERVED_TEST(test_memory_is_bounded),
	        SERVED_TEST(test_against_a_plain_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
