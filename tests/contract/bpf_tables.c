/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the BPF program that walks over the kernel's socket tables: each kind of row, and nothing else. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf_sockets.h"
#include "metrics/snapshot.h"

enum {
	MANY = 2 * WINDOW_ROWS + 17, /* connections in TIME_WAIT */
	/* Of make_unheld(): two listeners, a client in each closing state and the two servers that are left, two in an
	 * accept queue and their clients. Of make_held(): a listener, a client and its server. */
	SOCKETS = 2 + 3 + 2 + 4 + 3,
	CROWD = 5000, /* connections of another namespace, many to a bucket of a table of its own */
};

static struct seen sockets;
/* Ports of closed clients, by state. */
static uint16_t time_wait_port, fin_wait2_port, fin_wait1_port;
/* Ports of a listener with connections in its accept queue, and of a listener with a held connection in CLOSE_WAIT. */
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

/* Waits until the peer has received the FIN. */
static void wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, sizeof(byte)) > 0)
		;
}

/* Makes orphaned clients and connections that are not accepted yet. All but the two waiting ones are IPv6. */
static void make_unheld(void)
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

/* Makes sockets in the same states that a process holds. */
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
	make_unheld();
	make_held();
	return 0;
}

/* The server of another namespace, if its rows alone are kept. The host may have many in its own namespaces. */
static const struct other_netns *only_server;

static uint32_t netns_of(const struct other_netns *other)
{
	char path[32];
	struct stat netns;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", other->pid);
	assert_int_equal(stat(path, &netns), 0);
	return (uint32_t)netns.st_ino;
}

static bool is_of(const struct other_netns *other, const struct window_row *row)
{
	return row->local_port == other->port && row->netns == netns_of(other);
}

static int keep_all(void *data, const struct window *window)
{
	struct seen *seen = data;

	seen->windows++;
	for (uint32_t i = 0; i < window->row_count; i++)
		if (!only_server || is_of(only_server, &window->rows[i]))
			add_seen(seen, &window->rows[i]);
	return 0;
}

static int keep_none(void *data, const struct window *window)
{
	(void)data;
	(void)window;
	return 0;
}

static bool wants_candidates;

static uint32_t choose(void *data, __u64 *candidates, uint32_t count)
{
	(void)data;
	(void)candidates;
	return wants_candidates ? count : 0;
}

static void walk_tables(const struct bpf_iterator_options *options, const struct bpf_table_request *request)
{
	const struct bpf_iterator_sink files = {.rows = keep_none};
	const struct bpf_iterator_sink sink = {.rows = keep_all, .choose = choose, .data = &sockets};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct bpf_iterator iterator;
	int result;

	if (bpf_iterator_init(&iterator, options, &error) != 0)
		fail_msg("%s", error.text);
	assert_true(bpf_iterator_has_tables(&iterator));
	sockets.count = sockets.windows = 0;
	result = bpf_iterator_walk_files(&iterator, &deadline, &files, &error);
	if (result == 0)
		result = bpf_iterator_walk_tables(&iterator, request, &deadline, &sink, &error);
	bpf_iterator_release(&iterator);
	if (result != 0)
		fail_msg("%d: %s", result, error.text);
}

/* Walks with one of the programs. */
static void walk_with(enum bpf_variant variant, bool candidates)
{
	const struct bpf_iterator_options options = {.variant = variant};
	const struct bpf_table_request request = {.no_candidates = !candidates};

	wants_candidates = candidates;
	walk_tables(&options, &request);
}

/* A program that the verifier refuses would be replaced by a slower one. */
static void the_fastest_programs_load(void **state)
{
	struct utsname system;
	int major, minor;

	(void)state;
	assert_int_equal(uname(&system), 0);
	assert_int_equal(sscanf(system.release, "%d.%d", &major, &minor), 2);
	for (int all = 0; all <= 1; all++) {
		const struct bpf_iterator_options options = {.all_netns = all};
		struct platform_error error = {{0}};
		struct bpf_iterator iterator;

		if (bpf_iterator_init(&iterator, &options, &error) != 0)
			fail_msg("%s", error.text);
		assert_int_equal(iterator.variant,
		                 major > 6 || (major == 6 && minor >= 2) ? BPF_DIRECTLY : BPF_BY_HELPER);
		bpf_iterator_release(&iterator);
	}
}

static void minisockets_and_orphans(void **state)
{
	const uint8_t loopback[16] = {[15] = 1};

	(void)state;
	for (int variant = BPF_DIRECTLY; variant <= BPF_BY_HELPER; variant++) {
		const struct window_row *row;

		walk_with((enum bpf_variant)variant, false);
		assert_int_equal(sockets.count, 3);
		row = only_row(&sockets, TCP_TIME_WAIT, 6, time_wait_port);
		assert_int_equal(row->flags, 0);
		assert_memory_equal(row->local, loopback, sizeof(loopback));
		assert_memory_equal(row->remote, loopback, sizeof(loopback));
		only_row(&sockets, TCP_FIN_WAIT2, 6, fin_wait2_port); /* not the one of client_port */
		row = only_row(&sockets, TCP_FIN_WAIT1, 6, fin_wait1_port);
		assert_int_equal(row->flags & ~ROW_ZERO_WINDOW, 0); /* its peer does not read */
		assert_true(row->send_queue > 0);
	}
}

/* Candidates are all other socks, held and unheld, and listeners. */
static void candidates_that_are_kept(void **state)
{
	(void)state;
	for (int variant = BPF_DIRECTLY; variant <= BPF_BY_HELPER; variant++) {
		const struct window_row *row;

		walk_with((enum bpf_variant)variant, true);
		assert_int_equal(sockets.count, SOCKETS);
		assert_int_equal(only_row(&sockets, TCP_ESTABLISHED, 4, waiting_port)->flags, 0);
		row = only_row(&sockets, TCP_CLOSE_WAIT, 4, waiting_port);
		assert_int_equal(row->flags, 0);
		assert_int_equal(row->receive_queue, 1); /* the FIN */
		assert_int_equal(only_row(&sockets, TCP_CLOSE_WAIT, 6, server_port)->flags, ROW_HAS_FILE);
		row = only_row(&sockets, TCP_LISTEN, 4, waiting_port);
		assert_int_equal(row->flags, ROW_HAS_FILE);
		assert_int_equal(row->receive_queue, 2);
		assert_true(row->inode != 0);
		only_row(&sockets, TCP_LISTEN, 6, server_port);
	}
}

/* With the lifetime of minisockets, a walk marks the minisockets that are older than the walk. */
static void minisockets_that_are_older(void **state)
{
	const struct bpf_iterator_options options = {.variant = BPF_DIRECTLY};
	struct bpf_table_request request = {.no_candidates = true, .timewait_jiffies = 1000u * 60};

	(void)state;
	walk_tables(&options, &request); /* no kernel has a faster clock, so all minisockets look older */
	assert_int_equal(only_row(&sockets, TCP_TIME_WAIT, 6, time_wait_port)->flags, ROW_OLD);
	assert_int_equal(only_row(&sockets, TCP_FIN_WAIT2, 6, fin_wait2_port)->flags, 0);
	request.timewait_jiffies = 1; /* all minisockets look younger than the walk */
	walk_tables(&options, &request);
	assert_int_equal(only_row(&sockets, TCP_TIME_WAIT, 6, time_wait_port)->flags, 0);
}

/* A namespace that shares the table of all others, and one that has a small one of its own. The last test: it leaves
 * the network of the others. */
static void other_namespaces(void **state)
{
	const struct bpf_iterator_options own = {.all_netns = false}, all = {.all_netns = true};
	const struct bpf_table_request request = {.no_candidates = false};
	const char *const entries[] = {"0", "16"};

	(void)state;
	wants_candidates = true;
	enter_empty_network();
	listen_on(AF_INET6);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct other_netns other;

		make_other_network(&other, entries[i], CROWD);
		walk_tables(&own, &request);
		assert_int_equal(sockets.count, 1);
		only_server = &other;
		walk_tables(&all, &request);
		only_server = NULL;
		assert_int_equal(sockets.count, CROWD + 1);
		end_other_network(&other);
	}
}

/* With more rows than a window holds, the walk continues where it stopped. */
static void more_than_a_window(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct port_set seen = {{0}};
	int listener = listen_on(AF_INET6), client, server, count = 0;

	(void)state;
	address.sin6_port = htons(port_of(listener));
	for (int i = 0; i < MANY; i++) {
		connect_to(&client, &address);
		server = accept_one(listener);
		close(client);
		wait_for_end(server);
		close(server);
	}
	walk_with(BPF_DIRECTLY, false);
	assert_true(sockets.windows > 2);
	for (size_t i = 0; i < sockets.count; i++) {
		const struct window_row *row = &sockets.rows[i];

		if (ntohs(row->remote_port) != port_of(listener))
			continue;
		assert_false(port_set_has(&seen, row->local_port));
		port_set_add(&seen, row->local_port);
		count++;
	}
	assert_int_equal(count, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_fastest_programs_load), cmocka_unit_test(minisockets_and_orphans),
	        cmocka_unit_test(candidates_that_are_kept),  cmocka_unit_test(minisockets_that_are_older),
	        cmocka_unit_test(more_than_a_window),        cmocka_unit_test(other_namespaces),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
