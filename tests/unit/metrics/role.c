/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: scenes whose connections are counted by their two ports. Each has as few series as it has
 * servers and services, however many connections there are.
 */
#include "tests/unit/metrics/census_fixture.h"

/* Returns the owner of a scene's rows. */
static uint32_t app(struct fixture *f)
{
	return f->snapshot.process_count ? 0 : rows_process(&f->snapshot, 1, 1, "app");
}

static void add(struct fixture *f, enum socket_state state, uint16_t local_port, uint16_t remote_port)
{
	add_client(f, app(f), state, local_port, remote_port);
}

/* Returns the i-th client's port. All are different and far apart. */
static uint16_t client_port(uint32_t i)
{
	return (uint16_t)(ROWS_LOW + i * 7 % (ROWS_HIGH - ROWS_LOW));
}

static void listen_on(struct fixture *f, uint16_t port)
{
	rows_listener(&f->snapshot, app(f), "0.0.0.0", port, 0);
}

static void accept_on(struct fixture *f, uint16_t port, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		add(f, STATE_ESTABLISHED, port, client_port(i));
}

static void assert_counts(struct fixture *f, const char *by_local_port, const char *outbound)
{
	take(f, &(struct census_options){0});
	assert_string_equal(print(f, &f->census.by_local_port), by_local_port);
	assert_string_equal(print(f, &f->census.outbound), outbound);
}

static void test_a_drained_server(void **state)
{
	struct fixture *f = *state;

	accept_on(f, 8080, 300);
	assert_counts(f, "app 8080: established 300\n", "");
}

static void test_a_stopped_server(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 3000; i++)
		add(f, STATE_TIME_WAIT, 443, client_port(i));
	add(f, STATE_ESTABLISHED, 40000, 5432);
	assert_counts(f, "app 443: time_wait 3000\napp ephemeral: established 1\n", "app 5432: established 1\n");
}

/* Three clients distinguish a server inside the range from a client. Both ends of each connection are here. */
static void test_a_drained_server_inside_the_range(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 3; i++) {
		add(f, STATE_ESTABLISHED, 50051, client_port(i));
		add(f, STATE_FIN_WAIT2, client_port(i), 50051);
	}
	assert_counts(f, "app 50051: established 3\napp ephemeral: fin_wait2 3\n", "app 50051: fin_wait2 3\n");
}

static void test_two_connections_are_no_server(void **state)
{
	struct fixture *f = *state;

	add(f, STATE_ESTABLISHED, 50051, 40000);
	add(f, STATE_ESTABLISHED, 50051, 40001);
	assert_counts(f, "app ephemeral: established 2\n", "app 40000: established 1\napp 40001: established 1\n");
}

/* Connections from one local port to one port of several peers belong to a client. */
static void test_peers_with_the_same_port_are_no_clients(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		add(f, STATE_ESTABLISHED, 40000, 50051);
	assert_counts(f, "app ephemeral: established 5\n", "app 50051: established 5\n");
}

/* 2,000 connections to each of three services share some local ports by chance, two or three of them. */
static void test_birthdays(void **state)
{
	static const uint16_t services[][3] = {{443, 5432, 6379}, {50051, 50052, 50053}};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		f->snapshot.socket_count = 0;
		for (uint32_t n = 0; n < 6000; n++)
			add(f, STATE_ESTABLISHED, (uint16_t)(ROWS_LOW + hash_mix(1, n) % 2500), services[i][n % 3]);
		assert_counts(f, "app ephemeral: established 6000\n",
		              i == 0 ? "app 443: established 2000\napp 5432: established 2000\n"
		                       "app 6379: established 2000\n"
		                     : "app 50051: established 2000\napp 50052: established 2000\n"
		                       "app 50053: established 2000\n");
	}
}

/* A proxy has source ports outside the range, to a service outside the range and to one inside it. */
static void test_a_proxy_with_source_ports_of_its_own(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i < 150; i++) {
		add(f, STATE_ESTABLISHED, 10000 + i, 80);
		add(f, STATE_ESTABLISHED, 10000 + i, 50051);
	}
	assert_counts(f, "app ephemeral: established 300\n", "app 80: established 150\napp 50051: established 150\n");
}

/* Clients of two drained servers use the same ports. One server has many clients, the other few. */
static void test_clients_of_two_drained_servers(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 900; i++)
		add(f, STATE_ESTABLISHED, (uint16_t)(8080 + i % 4), client_port(i / 4));
	assert_counts(f,
	              "app 8080: established 225\napp 8081: established 225\n"
	              "app 8082: established 225\napp 8083: established 225\n",
	              "");
}

/* Ends with different addresses or namespaces are different. */
static void test_ends_are_by_address_and_namespace(void **state)
{
	struct fixture *f = *state;
	const uint32_t locals[] = {
	        rows_address(&f->snapshot, 0, "10.0.0.1"),
	        rows_address(&f->snapshot, 0, "10.0.0.2"),
	        rows_address(&f->snapshot, rows_netns(&f->snapshot, 200), "10.0.0.1"),
	};

	for (uint32_t i = 0; i < 3; i++) {
		add(f, STATE_ESTABLISHED, 50051, client_port(i));
		f->snapshot.sockets[i].local = locals[i];
	}
	take(f, &(struct census_options){0});
	assert_string_equal(print(f, &f->census.by_local_port), "app ephemeral: established 3\n");
}

/* A port that was served decides for clients outside the range, and for fewer than three clients inside. */
static void test_a_port_that_was_served(void **state)
{
	struct fixture *f = *state;

	listen_on(f, 8080);
	listen_on(f, 50051);
	assert_counts(f, "app 8080: listen 1\napp 50051: listen 1\n", "");
	f->snapshot.socket_count = 0;
	add(f, STATE_TIME_WAIT, 8080, 1025);
	add(f, STATE_ESTABLISHED, 50051, 40000);
	add(f, STATE_ESTABLISHED, 50051, 1026);
	assert_counts(f, "app 8080: time_wait 1\napp 50051: established 2\n", "");
	f->snapshot.socket_count = 0;
	take(f, &(struct census_options){0});
	add(f, STATE_TIME_WAIT, 8080, 1025);
	assert_counts(f, "app ephemeral: time_wait 1\n", "app 1025: time_wait 1\n");
}

static void test_remote_port_modes(void **state)
{
	static const char *const outbound[] = {
	        [REMOTE_PORT_ALL] = "app 443: established 1\napp 50051: established 3\napp 50052: established 1\n",
	        [REMOTE_PORT_SERVICE] = "app 443: established 1\napp ephemeral: established 4\n",
	        [REMOTE_PORT_NONE] = "app: established 5\n",
	};
	struct fixture *f = *state;

	add(f, STATE_ESTABLISHED, 40000, 443);
	for (uint16_t i = 0; i < 3; i++)
		add(f, STATE_ESTABLISHED, 40001 + i, 50051);
	add(f, STATE_ESTABLISHED, 40004, 50052);
	for (int mode = 0; mode < 3; mode++) {
		take(f, &(struct census_options){.remote_port = (enum remote_port_mode)mode});
		assert_string_equal(print(f, &f->census.outbound), outbound[mode]);
		assert_string_equal(print(f, &f->census.by_local_port), "app ephemeral: established 5\n");
	}
}

/* Adds the i-th connection of a kind. A host can have any number of each kind. */
static void add_kind(struct fixture *f, unsigned kind, uint32_t i)
{
	switch (kind) {
	case 0: /* inbound, served */
		add(f, STATE_ESTABLISHED, 22, client_port(i));
		break;
	case 1: /* inbound, drained */
		add(f, STATE_CLOSE_WAIT, 8080, client_port(i));
		break;
	case 2: /* inbound, drained, inside the range */
		add(f, STATE_ESTABLISHED, 50051, client_port(i));
		break;
	case 3: /* outbound to a service */
		add(f, STATE_ESTABLISHED, client_port(i * 3), 443);
		break;
	case 4: /* outbound to a service inside the range */
		add(f, STATE_SYN_SENT, client_port(i * 5), 60001);
		break;
	case 5: /* outbound from source ports outside the range */
		add(f, STATE_ESTABLISHED, (uint16_t)(10000 + i % 15000), 5432);
		break;
	default: /* the same to a service inside the range */
		add(f, STATE_ESTABLISHED, (uint16_t)(10000 + i % 15000), 60002);
		break;
	}
}

static void test_connections_add_no_series(void **state)
{
	enum { KINDS = 7, SETS = 1 << KINDS };
	struct fixture *f = *state;

	for (unsigned set = 0; set < SETS; set++) {
		size_t local = 0, outbound = 0;

		for (uint32_t count = 3; count <= 1000; count = count * 3 + 1) {
			f->snapshot.socket_count = 0;
			listen_on(f, 22);
			for (uint32_t i = 0; i < count * KINDS; i++) {
				if (set >> i % KINDS & 1)
					add_kind(f, i % KINDS, i / KINDS);
			}
			take(f, &(struct census_options){0});
			if (count == 3) {
				local = f->census.by_local_port.count;
				outbound = f->census.outbound.count;
				assert_in_range(local, 1, 4);
				assert_in_range(outbound, 0, 4);
			}
			assert_int_equal(f->census.by_local_port.count, local);
			assert_int_equal(f->census.outbound.count, outbound);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_a_drained_server),
	        CENSUS_TEST(test_a_stopped_server),
	        CENSUS_TEST(test_a_drained_server_inside_the_range),
	        CENSUS_TEST(test_two_connections_are_no_server),
	        CENSUS_TEST(test_peers_with_the_same_port_are_no_clients),
	        CENSUS_TEST(test_birthdays),
	        CENSUS_TEST(test_a_proxy_with_source_ports_of_its_own),
	        CENSUS_TEST(test_clients_of_two_drained_servers),
	        CENSUS_TEST(test_ends_are_by_address_and_namespace),
	        CENSUS_TEST(test_a_port_that_was_served),
	        CENSUS_TEST(test_remote_port_modes),
	        CENSUS_TEST(test_connections_add_no_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
