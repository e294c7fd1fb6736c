/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF program that walks over the kernel's connections: those that are asked for, and nothing else. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf_sockets.h"
#include "metrics/snapshot.h"

enum { MANY = 2 * WINDOW_ROWS + 17 }; /* connections in TIME_WAIT */

static struct seen connections;
/* Of clients that are closed, by the state they are in. */
static uint16_t time_wait_port, fin_wait2_port, fin_wait1_port;
/* Of a listener with connections that wait, and of one whose connection is held in CLOSE_WAIT. */
static uint16_t waiting_port, server_port;

static uint16_t connect_to(int *client, const struct sockaddr_in6 *address)
{
	*client = socket(address->sin6_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*client >= 0);
	assert_int_equal(connect(*client, (const struct sockaddr *)address, sizeof(*address)), 0);
	return port_of(*client);
}

static int accept_one(int listener)
{
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(server >= 0);
	return server;
}

/* Until the peer has seen the end. */
static void wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, sizeof(byte)) > 0)
		;
}

/* Clients that nobody holds any more, and connections that nobody holds yet. Of IPv6, but for the two that wait. */
static void make_ownerless(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in6 v4 = {.sin6_family = AF_INET};
	int listener = listen_on(AF_INET6), waiting = listen_on(AF_INET), client, server, stuck;
	char bytes[4096] = {0};

	((struct sockaddr_in *)&v4)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin6_port = htons(port_of(listener));
	time_wait_port = connect_to(&client, &address);
	server = accept_one(listener);
	close(client);
	wait_for_end(server);
	close(server);

	fin_wait2_port = connect_to(&client, &address);
	server = accept_one(listener);
	close(client);
	wait_for_end(server);

	fin_wait1_port = connect_to(&stuck, &address);
	accept_one(listener);
	assert_int_equal(fcntl(stuck, F_SETFL, O_NONBLOCK), 0);
	while (write(stuck, bytes, sizeof(bytes)) > 0)
		;
	close(stuck);

	waiting_port = port_of(waiting);
	v4.sin6_port = htons(waiting_port);
	connect_to(&client, &v4);
	connect_to(&client, &v4);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
}

/* The same states, and a process that holds them. */
static void make_held(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int listener = listen_on(AF_INET6), client;

	server_port = port_of(listener);
	address.sin6_port = htons(server_port);
	connect_to(&client, &address);
	accept_one(listener);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
}

static int set_up(void **state)
{
	(void)state;
	enter_empty_network();
	make_ownerless();
	make_held();
	return 0;
}

static int keep_all(void *data, const struct window *window, uint32_t count)
{
	struct seen *seen = data;

	seen->windows++;
	for (uint32_t i = 0; i < count; i++)
		add_seen(seen, &window->rows[i]);
	return 0;
}

static void walk_connections(const struct bpf_iterator_request *request)
{
	const struct bpf_iterator_options options = {.by_helper = false};
	const struct bpf_iterator_sink sink = {.rows = keep_all, .data = &connections};
	struct patience patience = {.deadline_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct bpf_iterator iterator;
	int result;

	if (bpf_iterator_init(&iterator, &options, &error) != 0)
		fail_msg("%s", error.text);
	connections.count = connections.windows = 0;
	result = bpf_iterator_walk_connections(&iterator, request, &patience, &sink, &error);
	bpf_iterator_release(&iterator);
	if (result != 0)
		fail_msg("%d: %s", result, error.text);
}

static void connections_that_nobody_holds(void **state)
{
	const uint8_t loopback[16] = {[15] = 1};
	const struct bpf_iterator_request request = {
	        .ownerless_states = 1u << TCP_TIME_WAIT | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2,
	};
	const struct window_row *row;

	(void)state;
	walk_connections(&request);
	assert_int_equal(connections.count, 3);
	row = only_row(&connections, TCP_TIME_WAIT, 6, time_wait_port);
	assert_int_equal(row->flags, ROW_NO_SOCKET);
	assert_memory_equal(row->local, loopback, sizeof(loopback));
	assert_memory_equal(row->remote, loopback, sizeof(loopback));
	row = only_row(&connections, TCP_FIN_WAIT2, 6, fin_wait2_port); /* not the one of client_port */
	assert_int_equal(row->flags, ROW_NO_SOCKET);
	row = only_row(&connections, TCP_FIN_WAIT1, 6, fin_wait1_port);
	assert_int_equal(row->flags, 0);
	assert_true(row->send_queue > 0);
}

static void connections_at_ports(void **state)
{
	struct port_set ports = {{0}};
	struct bpf_iterator_request request = {
	        .port_states = 1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT,
	        .ports = &ports,
	};

	(void)state;
	walk_connections(&request);
	assert_int_equal(connections.count, 0);
	port_set_add(&ports, waiting_port);
	walk_connections(&request);
	assert_int_equal(connections.count, 2);
	only_row(&connections, TCP_ESTABLISHED, 4, waiting_port);
	assert_int_equal(only_row(&connections, TCP_CLOSE_WAIT, 4, waiting_port)->receive_queue, 1); /* the FIN */
	port_set_add(&ports, server_port); /* that a process holds them is no reason to leave them out */
	walk_connections(&request);
	assert_int_equal(connections.count, 3);
	request.ports = NULL;
	walk_connections(&request);
	assert_int_equal(connections.count, 0);
}

/* More than a window has room for: the walk goes on where it was. */
static void more_than_a_window(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	const struct bpf_iterator_request request = {.ownerless_states = 1u << TCP_TIME_WAIT};
	struct port_set seen = {{0}};
	int listener = listen_on(AF_INET6), client, server;

	(void)state;
	address.sin6_port = htons(port_of(listener));
	for (int i = 0; i < MANY; i++) {
		connect_to(&client, &address);
		server = accept_one(listener);
		close(client);
		wait_for_end(server);
		close(server);
	}
	walk_connections(&request);
	assert_int_equal(connections.count, MANY + 2); /* and those of time_wait_port and fin_wait2_port */
	assert_true(connections.windows > 2);
	for (size_t i = 0; i < connections.count; i++) {
		const struct window_row *row = &connections.rows[i];

		if (ntohs(row->remote_port) != port_of(listener))
			continue;
		assert_false(port_set_has(&seen, row->local_port));
		port_set_add(&seen, row->local_port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(connections_that_nobody_holds),
	        cmocka_unit_test(connections_at_ports),
	        cmocka_unit_test(more_than_a_window),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
