/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the index of listeners, and of the crediting of sockets without a holder. */
#include "tests/unit/metrics/rows.h"

#include "metrics/census/listeners.h"

#include <stdlib.h>

struct fixture {
	struct snapshot snapshot;
	struct listeners listeners;
	uint32_t old, young, other; /* processes */
};

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	if (!f)
		return -1;
	snapshot_init(&f->snapshot);
	listeners_init(&f->listeners);
	rows_netns(&f->snapshot, 100);
	f->young = rows_process(&f->snapshot, 30, 300, "young");
	f->old = rows_process(&f->snapshot, 20, 100, "old");
	f->other = rows_process(&f->snapshot, 10, 200, "other");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	snapshot_release(&f->snapshot);
	listeners_release(&f->listeners);
	free(f);
	return 0;
}

static void credit(struct fixture *f)
{
	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	listeners_credit(&f->listeners, &f->snapshot);
}

/* Adds a row that no process holds. Returns its number. */
static size_t orphan(struct fixture *f, enum socket_state state, const char *address, uint16_t port)
{
	rows_socket(&f->snapshot, OWNER_NONE, state, address, port);
	return f->snapshot.socket_count - 1;
}

static void assert_owner(const struct fixture *f, size_t row, uint32_t owner)
{
	const struct snapshot_socket *socket = &f->snapshot.sockets[row];

	assert_int_equal(socket->owner, owner);
	assert_int_equal(!!(socket->flags & SOCKET_CREDITED), owner != OWNER_NONE);
}

static void test_nothing_listens(void **state)
{
	struct fixture *f = *state;
	size_t row;

	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	row = orphan(f, STATE_TIME_WAIT, "10.0.0.1", 80);
	credit(f);
	assert_owner(f, row, OWNER_NONE);
}

/* The exact address wins, then the wildcard of the row's family, then an IPv6 wildcard. */
static void test_best_address(void **state)
{
	static const struct {
		const char *listens[3]; /* by old, young, other; '!' before it: v6-only */
		const char *row;
		int owner; /* index into `listens`, -1: nobody */
	} cases[] = {
	        {{"0.0.0.0", "10.0.0.1"}, "10.0.0.1", 1},
	        {{"0.0.0.0", "10.0.0.1"}, "10.0.0.2", 0},
	        {{"::", "0.0.0.0"}, "10.0.0.1", 1},
	        {{"::", "10.0.0.2"}, "10.0.0.1", 0},
	        {{"!::", "10.0.0.2"}, "10.0.0.1", -1},
	        {{"!::", "::"}, "10.0.0.1", 1},
	        {{"!::", "::"}, "fe80::1", 0},
	        {{"!::", "fe80::1"}, "fe80::1", 1},
	        {{"!::"}, "fe80::1", 0},
	        {{"0.0.0.0"}, "fe80::1", -1},
	        {{"0.0.0.0"}, "::ffff:10.0.0.1", 0},
	        {{"::", "::ffff:10.0.0.1"}, "10.0.0.1", 1},
	        {{"0.0.0.0", "::ffff:10.0.0.1"}, "::ffff:10.0.0.1", 1},
	        {{"::ffff:0.0.0.0", "::"}, "10.0.0.1", 0},
	        {{"10.0.0.2", "::1"}, "10.0.0.1", -1},
	        {{"::", "0.0.0.0", "10.0.0.1"}, "::", 0},
	};
	struct fixture *f = *state;
	const uint32_t owners[] = {f->old, f->young, f->other};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int waits = 0; waits < 2; waits++) {
			size_t row;

			f->snapshot.socket_count = 0;
			for (int n = 0; n < 3 && cases[i].listens[n]; n++) {
				const char *address = cases[i].listens[n];
				bool v6_only = address[0] == '!';

				rows_listener(&f->snapshot, owners[n], address + v6_only, 80, 0)->flags |=
				        v6_only ? SOCKET_V6_ONLY : 0;
			}
			row = orphan(f, waits ? STATE_ESTABLISHED : STATE_TIME_WAIT, cases[i].row, 80);
			credit(f);
			assert_owner(f, row, cases[i].owner < 0 ? OWNER_NONE : owners[cases[i].owner]);
		}
	}
}

/* An unheld listener belongs to the kernel and is not credited. */
static void test_every_unheld_state_but_listen(void **state)
{
	struct fixture *f = *state;
	size_t rows[STATE_COUNT];

	rows_listener(&f->snapshot, f->old, "10.0.0.1", 80, 0);
	for (int s = 0; s < STATE_COUNT; s++)
		rows[s] = orphan(f, (enum socket_state)s, "10.0.0.1", 80);
	credit(f);
	for (int s = 0; s < STATE_COUNT; s++)
		assert_owner(f, rows[s], s == STATE_LISTEN ? OWNER_NONE : f->old);
}

static void test_held_rows_are_left_alone(void **state)
{
	struct fixture *f = *state;
	struct snapshot_socket *held, *hidden;

	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 5);
	rows_socket(&f->snapshot, f->young, STATE_ESTABLISHED, "10.0.0.1", 80);
	rows_socket(&f->snapshot, OWNER_UNKNOWN, STATE_ESTABLISHED, "10.0.0.1", 80);
	credit(f);
	held = &f->snapshot.sockets[1];
	hidden = &f->snapshot.sockets[2];
	assert_int_equal(held->owner, f->young);
	assert_int_equal(hidden->owner, OWNER_UNKNOWN);
	assert_int_equal((held->flags | hidden->flags) & SOCKET_CREDITED, 0);
	assert_int_equal(f->listeners.items[0].waiting, 5);
}

static void test_other_ports_and_namespaces_do_not_match(void **state)
{
	struct fixture *f = *state;
	uint32_t netns = rows_netns(&f->snapshot, 200);
	size_t other_port, other_netns;

	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 0);
	other_port = orphan(f, STATE_TIME_WAIT, "10.0.0.1", 81);
	other_netns = orphan(f, STATE_TIME_WAIT, "10.0.0.1", 80);
	f->snapshot.sockets[other_netns].local = rows_address(&f->snapshot, netns, "10.0.0.1");
	credit(f);
	assert_owner(f, other_port, OWNER_NONE);
	assert_owner(f, other_netns, OWNER_NONE);
}

/* SO_REUSEPORT: listeners with waiting connections are credited, oldest first. The rest goes to the oldest. */
static void test_accept_queues_are_used_up(void **state)
{
	struct fixture *f = *state;
	const uint32_t expected[] = {f->other, f->young, f->young, f->old, f->old};
	size_t rows[5], closing;

	rows_listener(&f->snapshot, f->young, "0.0.0.0", 80, 2);
	rows_listener(&f->snapshot, f->other, "0.0.0.0", 80, 1);
	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 0);
	closing = orphan(f, STATE_FIN_WAIT2, "10.0.0.1", 80);
	for (size_t i = 0; i < 5; i++)
		rows[i] = orphan(f, i % 2 ? STATE_CLOSE_WAIT : STATE_ESTABLISHED, "10.0.0.1", 80);
	credit(f);
	assert_owner(f, closing, f->old);
	for (size_t i = 0; i < 5; i++)
		assert_owner(f, rows[i], expected[i]);
}

/* IPv4 rows are credited to dual listeners only, IPv6 rows to both, in any order of the rows. */
static void test_accept_queues_of_mixed_wildcards(void **state)
{
	struct fixture *f = *state;
	size_t v4[3], v6[3];

	rows_listener(&f->snapshot, f->old, "::", 80, 1)->flags |= SOCKET_V6_ONLY;
	rows_listener(&f->snapshot, f->other, "::", 80, 2);
	rows_listener(&f->snapshot, f->young, "::", 80, 1)->flags |= SOCKET_V6_ONLY;
	v4[0] = orphan(f, STATE_ESTABLISHED, "10.0.0.1", 80);
	for (size_t i = 0; i < 3; i++)
		v6[i] = orphan(f, STATE_ESTABLISHED, "fe80::1", 80);
	v4[1] = orphan(f, STATE_ESTABLISHED, "10.0.0.1", 80);
	v4[2] = orphan(f, STATE_SYN_RECV, "10.0.0.1", 80);
	credit(f);
	assert_owner(f, v4[0], f->other);
	assert_owner(f, v6[0], f->old);
	assert_owner(f, v6[1], f->other);
	assert_owner(f, v6[2], f->young);
	assert_owner(f, v4[1], f->other);
	assert_owner(f, v4[2], f->other);
}

/* An IPv4-mapped row is an IPv6 socket: it belongs to a dual IPv6 wildcard, if one exists. */
static void test_mapped_rows_beside_an_ipv4_wildcard(void **state)
{
	struct fixture *f = *state;
	size_t mapped, plain;

	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 1);
	rows_listener(&f->snapshot, f->other, "::", 80, 1);
	mapped = orphan(f, STATE_CLOSE_WAIT, "10.0.0.1", 80);
	plain = orphan(f, STATE_CLOSE_WAIT, "10.0.0.1", 80);
	f->snapshot.sockets[mapped].flags |= SOCKET_V4_MAPPED;
	credit(f);
	assert_owner(f, mapped, f->other);
	assert_owner(f, plain, f->old);
}

static void test_queue_that_is_not_known(void **state)
{
	struct fixture *f = *state;
	size_t row;

	rows_listener(&f->snapshot, f->young, "0.0.0.0", 80, 3)->flags = 0;
	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 0);
	row = orphan(f, STATE_ESTABLISHED, "10.0.0.1", 80);
	credit(f);
	assert_owner(f, row, f->old);
}

static void test_oldest(void **state)
{
	struct fixture *f = *state;
	uint32_t twin = rows_process(&f->snapshot, 19, 100, "twin");
	size_t row;

	/* With an equal start the lower pid is older. Unknown owners come last. */
	rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", 80, 0);
	rows_listener(&f->snapshot, OWNER_UNKNOWN, "0.0.0.0", 80, 0);
	rows_listener(&f->snapshot, f->young, "0.0.0.0", 80, 0);
	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 0);
	rows_listener(&f->snapshot, twin, "0.0.0.0", 80, 0);
	row = orphan(f, STATE_TIME_WAIT, "10.0.0.1", 80);
	credit(f);
	assert_owner(f, row, twin);
	assert_int_equal(f->listeners.count, 5);
	assert_int_equal(f->snapshot.sockets[f->listeners.items[3].socket].owner, OWNER_UNKNOWN);
	assert_int_equal(f->snapshot.sockets[f->listeners.items[4].socket].owner, OWNER_NONE);
}

static void test_listener_of_an_unknown_owner(void **state)
{
	struct fixture *f = *state;
	size_t unknown, none;

	rows_listener(&f->snapshot, OWNER_UNKNOWN, "0.0.0.0", 80, 0);
	rows_listener(&f->snapshot, OWNER_NONE, "0.0.0.0", 2049, 0);
	unknown = orphan(f, STATE_TIME_WAIT, "10.0.0.1", 80);
	none = orphan(f, STATE_TIME_WAIT, "10.0.0.1", 2049);
	credit(f);
	assert_owner(f, unknown, OWNER_UNKNOWN);
	assert_owner(f, none, OWNER_NONE);
}

/* A row is credited to a listener of its device, else to an unbound listener. Device 0: unbound. */
static void test_devices(void **state)
{
	static const struct {
		const char *listens[3]; /* addresses, by old, young, other */
		uint16_t devices[3];    /* of those */
		const char *row;
		uint16_t device;
		int owner; /* index into `listens`, -1: nobody */
	} cases[] = {
	        {{"0.0.0.0", "0.0.0.0"}, {2, 3}, "10.0.0.1", 2, 0},
	        {{"0.0.0.0", "0.0.0.0"}, {2, 3}, "10.0.0.1", 3, 1},
	        {{"0.0.0.0", "0.0.0.0"}, {2, 3}, "10.0.0.1", 4, -1},
	        /* a row without a device is never credited to a bound listener */
	        {{"0.0.0.0", "0.0.0.0"}, {2, 3}, "10.0.0.1", 0, -1},
	        {{"0.0.0.0", "0.0.0.0"}, {2, 0}, "10.0.0.1", 0, 1},
	        /* link-local addresses and l3mdev_accept: an unbound listener's connections have a device */
	        {{"0.0.0.0", "0.0.0.0"}, {2, 0}, "10.0.0.1", 4, 1},
	        {{"::", "::"}, {2, 0}, "fe80::1", 4, 1},
	        /* the address counts more than the device */
	        {{"0.0.0.0", "10.0.0.1"}, {2, 0}, "10.0.0.1", 2, 1},
	        {{"0.0.0.0", "10.0.0.1"}, {2, 3}, "10.0.0.1", 2, 0},
	        /* the family counts more than the device */
	        {{"::", "0.0.0.0"}, {2, 0}, "10.0.0.1", 2, 1},
	        {{"::", "0.0.0.0"}, {2, 3}, "10.0.0.1", 2, 0},
	        {{"!::", "::", "::"}, {2, 3, 0}, "10.0.0.1", 2, 2},
	        {{"0.0.0.0"}, {DEVICE_OTHER}, "10.0.0.1", DEVICE_OTHER, 0},
	};
	struct fixture *f = *state;
	const uint32_t owners[] = {f->old, f->young, f->other};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		size_t c = i / 2, row;

		f->snapshot.socket_count = 0;
		for (int n = 0; n < 3 && cases[c].listens[n]; n++) {
			bool v6_only = cases[c].listens[n][0] == '!';
			struct snapshot_socket *socket =
			        rows_listener(&f->snapshot, owners[n], cases[c].listens[n] + v6_only, 80, 1);

			socket->device = cases[c].devices[n];
			socket->flags |= v6_only ? SOCKET_V6_ONLY : 0;
		}
		row = orphan(f, i % 2 ? STATE_ESTABLISHED : STATE_SYN_RECV, cases[c].row, 80);
		f->snapshot.sockets[row].device = cases[c].device;
		credit(f);
		assert_owner(f, row, cases[c].owner < 0 ? OWNER_NONE : owners[cases[c].owner]);
	}
}

/* Listeners on different devices have different accept queues. */
static void test_accept_queues_of_devices(void **state)
{
	struct fixture *f = *state;
	size_t rows[4];

	rows_listener(&f->snapshot, f->old, "0.0.0.0", 80, 2)->device = 2;
	rows_listener(&f->snapshot, f->young, "0.0.0.0", 80, 1)->device = 3;
	rows_listener(&f->snapshot, f->other, "0.0.0.0", 80, 1)->device = 3;
	for (uint16_t i = 0; i < 4; i++) {
		rows[i] = orphan(f, STATE_ESTABLISHED, "10.0.0.1", 80);
		f->snapshot.sockets[rows[i]].device = 2 + i % 2;
	}
	credit(f);
	assert_owner(f, rows[0], f->old);
	assert_owner(f, rows[1], f->other);
	assert_owner(f, rows[2], f->old);
	assert_owner(f, rows[3], f->young);
}

#define LISTENERS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LISTENERS_TEST(test_nothing_listens),
	        LISTENERS_TEST(test_best_address),
	        LISTENERS_TEST(test_every_unheld_state_but_listen),
	        LISTENERS_TEST(test_held_rows_are_left_alone),
	        LISTENERS_TEST(test_other_ports_and_namespaces_do_not_match),
	        LISTENERS_TEST(test_accept_queues_are_used_up),
	        LISTENERS_TEST(test_accept_queues_of_mixed_wildcards),
	        LISTENERS_TEST(test_mapped_rows_beside_an_ipv4_wildcard),
	        LISTENERS_TEST(test_queue_that_is_not_known),
	        LISTENERS_TEST(test_oldest),
	        LISTENERS_TEST(test_listener_of_an_unknown_owner),
	        LISTENERS_TEST(test_devices),
	        LISTENERS_TEST(test_accept_queues_of_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
