/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF programs on sockets that this process makes. The walk over descriptors: each socket once, whole and nothing
 * else, more of them than a window holds, and the same by the program for older kernels, which reads by helpers. The
 * walk over the kernel's connections: those that are asked for, and nothing else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf_iterator.h"
#include "metrics/snapshot.h"

enum {
	LISTENERS = 3 * TASK_FILE_ROWS + 17, /* more than one window, and no whole number of batches */
	HIGH_DESCRIPTOR = 9000,              /* far above the others: a table with holes */
	ROWS_MAX = 2 * LISTENERS,
	BACKLOG = 7,
	UNREAD = 5,
	MANY = 2 * TASK_FILE_ROWS + 17, /* connections in TIME_WAIT */
};

struct seen {
	struct task_file_row rows[ROWS_MAX];
	size_t count;
	unsigned windows;
};

static struct seen directly, by_helper, connections;
static uint16_t server_port, client_port, high_port, v6_port;
/* Of clients that are closed, by the state they are in; and of a listener with connections that wait. */
static uint16_t time_wait_port, fin_wait2_port, fin_wait1_port, waiting_port;

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 address; /* sin_port is in the same place */
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin6_port);
}

static int listen_on(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	assert_true(fd >= 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)), 0);
	assert_int_equal(listen(fd, BACKLOG), 0);
	return fd;
}

/* What looks like a TCP socket and is none that counts. */
static void open_others(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/bpf_walk.XXXXXX/socket"};
	char *slash = strrchr(name.sun_path, '/');
	int fd;

	*slash = '\0';
	assert_non_null(mkdtemp(name.sun_path));
	*slash = '/';
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_true(open(name.sun_path, O_PATH) >= 0); /* an inode of a socket, and no socket behind it */
	assert_true(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	assert_true(socket(AF_INET, SOCK_STREAM, 0) >= 0); /* neither bound nor connected */
	assert_int_equal(unlink(name.sun_path), 0);
	*slash = '\0';
	assert_int_equal(rmdir(name.sun_path), 0);
}

/* A connection whose server end is in CLOSE_WAIT with unread bytes. */
static void connect_pair(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = listen_on(AF_INET), client = socket(AF_INET, SOCK_STREAM, 0);
	struct tcp_info info;
	socklen_t length;

	server_port = port_of(listener);
	address.sin_port = htons(server_port);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	client_port = port_of(client);
	assert_true(accept(listener, NULL, NULL) >= 0);
	assert_int_equal(send(client, "bytes", UNREAD, 0), UNREAD);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	do {
		length = sizeof(info);
		assert_int_equal(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	} while (info.tcpi_state != TCP_FIN_WAIT2);
}

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

static int set_up(void **state)
{
	struct rlimit limit;
	int fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(system("ip link set lo up"), 0);
	for (int i = 0; i < LISTENERS; i++)
		listen_on(AF_INET);
	v6_port = port_of(listen_on(AF_INET6));
	fd = listen_on(AF_INET);
	high_port = port_of(fd);
	assert_int_equal(dup2(fd, HIGH_DESCRIPTOR), HIGH_DESCRIPTOR);
	close(fd);
	open_others();
	connect_pair();
	return 0;
}

/* Keeps the rows of this process. */
static int keep(void *data, const struct task_file_window *window, uint32_t count)
{
	struct seen *seen = data;

	seen->windows++;
	for (uint32_t i = 0; i < count; i++) {
		const struct task_file_row *row = &window->rows[i];

		assert_in_range(row->task, 0, TASK_FILE_ROWS - 1);
		if (row->state == 0 || window->tasks[row->task].pid != (uint32_t)getpid())
			continue;
		assert_in_range(seen->count, 0, ROWS_MAX - 1);
		seen->rows[seen->count++] = *row;
	}
	return 0;
}

static void walk(struct seen *seen, bool helper)
{
	const struct bpf_iterator_options options = {.by_helper = helper};
	const struct bpf_iterator_sink sink = {.rows = keep, .data = seen};
	struct patience patience = {.deadline_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct bpf_iterator iterator;

	if (bpf_iterator_init(&iterator, &options, &error) != 0)
		fail_msg("%s", error.text);
	seen->count = 0;
	if (bpf_iterator_walk(&iterator, &patience, &sink, &error) != 0)
		fail_msg("%s", error.text);
	bpf_iterator_release(&iterator);
}

/* IPv4 and IPv6 may have chosen the same port. */
static const struct task_file_row *only_row(const struct seen *seen, int tcp_state, int family, uint16_t port)
{
	const struct task_file_row *found = NULL;

	for (size_t i = 0; i < seen->count; i++) {
		const struct task_file_row *row = &seen->rows[i];

		if (row->state != tcp_state || row->family != family || row->local_port != port)
			continue;
		assert_null(found);
		found = row;
	}
	assert_non_null(found);
	return found;
}

static void expect_all(const struct seen *seen)
{
	const uint8_t loopback[4] = {127, 0, 0, 1};
	const struct task_file_row *server = only_row(seen, TCP_CLOSE_WAIT, 4, server_port);
	const struct task_file_row *client = only_row(seen, TCP_FIN_WAIT2, 4, client_port);
	const struct task_file_row *v6 = only_row(seen, TCP_LISTEN, 6, v6_port);
	const struct task_file_row *high = only_row(seen, TCP_LISTEN, 4, high_port);

	assert_int_equal(seen->count, LISTENERS + 2 + 1 + 2);
	assert_true(seen->windows > 3);
	assert_int_equal(server->receive_queue, UNREAD + 1); /* the FIN is counted */
	assert_int_equal(ntohs(server->remote_port), client_port);
	assert_memory_equal(server->remote, loopback, sizeof(loopback));
	assert_int_equal(client->send_queue, 0);
	assert_int_equal(v6->family, 6);
	assert_int_equal(v6->flags, TASK_FILE_V6_ONLY);
	assert_int_equal(high->family, 4);
	assert_int_equal(high->flags, 0);
	assert_int_equal(high->receive_queue, 0);
	assert_int_equal(high->send_queue, BACKLOG);
}

static void every_socket_once(void **state)
{
	(void)state;
	walk(&directly, false);
	expect_all(&directly);
}

/* Field by field, but for what time changes. */
static void expect_equal(const struct task_file_row *a, const struct task_file_row *b)
{
	size_t length = a->family == 4 ? 4 : 16;

	assert_int_equal(a->identity, b->identity);
	assert_int_equal(a->inode, b->inode);
	assert_int_equal(a->netns, b->netns);
	assert_int_equal(a->ports, b->ports);
	assert_int_equal(a->receive_queue, b->receive_queue);
	assert_int_equal(a->send_queue, b->send_queue);
	assert_int_equal(a->local_port, b->local_port);
	assert_int_equal(a->remote_port, b->remote_port);
	assert_int_equal(a->family, b->family);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->flags, b->flags);
	assert_memory_equal(a->local, b->local, length);
	assert_memory_equal(a->remote, b->remote, length);
}

static void the_same_by_helpers(void **state)
{
	(void)state;
	walk(&directly, false);
	walk(&by_helper, true);
	expect_all(&by_helper);
	assert_int_equal(directly.count, by_helper.count);
	for (size_t i = 0; i < directly.count; i++) {
		struct task_file_row *a = &directly.rows[i], *b = &by_helper.rows[i];

		/* The window keeps of a connection what its last row was of a listener. */
		if (a->state != TCP_LISTEN)
			a->inode = b->inode = 0;
		expect_equal(a, b);
	}
}

static int compare_ports(const void *a, const void *b)
{
	return ((const struct task_file_row *)a)->local_port - ((const struct task_file_row *)b)->local_port;
}

static int set_up_connections(void **state)
{
	(void)state;
	make_ownerless();
	return 0;
}

/* Nothing but connections of the namespace, which are this process's. */
static int keep_all(void *data, const struct task_file_window *window, uint32_t count)
{
	struct seen *seen = data;

	for (uint32_t i = 0; i < count; i++) {
		assert_in_range(seen->count, 0, ROWS_MAX - 1);
		seen->rows[seen->count++] = window->rows[i];
	}
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
	connections.count = 0;
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
	const struct task_file_row *row;

	(void)state;
	walk_connections(&request);
	assert_int_equal(connections.count, 3);
	row = only_row(&connections, TCP_TIME_WAIT, 6, time_wait_port);
	assert_int_equal(row->flags, TASK_FILE_NO_SOCKET);
	assert_memory_equal(row->local, loopback, sizeof(loopback));
	assert_memory_equal(row->remote, loopback, sizeof(loopback));
	row = only_row(&connections, TCP_FIN_WAIT2, 6, fin_wait2_port); /* not the one of client_port */
	assert_int_equal(row->flags, TASK_FILE_NO_SOCKET);
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
	qsort(connections.rows, connections.count, sizeof(connections.rows[0]), compare_ports);
	for (size_t i = 1; i < connections.count; i++)
		assert_int_not_equal(connections.rows[i - 1].local_port, connections.rows[i].local_port);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_socket_once),
	        cmocka_unit_test(the_same_by_helpers),
	        cmocka_unit_test_setup(connections_that_nobody_holds, set_up_connections),
	        cmocka_unit_test(connections_at_ports),
	        cmocka_unit_test(more_than_a_window),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
