/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of failing dumps: the kernel marks a dump as inconsistent, loses a datagram, or refuses the one-walk request,
 * or a signal arrives. The kernel is real. A wrapper of libmnl's receiver (--wrap) alters its answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include <cmocka.h>

#include "exporter/platform/linux/netlink/socket_table.h"

enum fault { FAULT_NONE, FAULT_OVERRUN, FAULT_SIGNAL, FAULT_SILENCE, FAULT_REFUSAL };

/* The next `count` datagrams have the fault. */
static struct {
	enum fault fault;
	unsigned count;
} plan;

static struct {
	struct socket_table table;
	struct snapshot snapshot;
	struct platform_error error;
	int v4, v6;
	uint16_t v4_port, v6_port;
} scene;

ssize_t __real_mnl_socket_recvfrom(const struct mnl_socket *socket, void *bytes, size_t size);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *socket, void *bytes, size_t size);

static ssize_t fail_with(int error)
{
	errno = error;
	return -1;
}

static ssize_t refuse(void *bytes)
{
	struct nlmsghdr *header = bytes;
	struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

	header->nlmsg_type = NLMSG_ERROR;
	header->nlmsg_len = NLMSG_LENGTH(sizeof(*error));
	error->error = -EOPNOTSUPP;
	return (ssize_t)header->nlmsg_len;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *socket, void *bytes, size_t size)
{
	ssize_t length;

	if (plan.count == 0)
		return __real_mnl_socket_recvfrom(socket, bytes, size);
	plan.count--;
	if (plan.fault == FAULT_OVERRUN)
		return fail_with(ENOBUFS);
	if (plan.fault == FAULT_SIGNAL)
		return fail_with(EINTR);
	if (plan.fault == FAULT_SILENCE)
		return fail_with(EAGAIN);
	length = __real_mnl_socket_recvfrom(socket, bytes, size);
	return length > 0 && plan.fault == FAULT_REFUSAL ? refuse(bytes) : length;
}

static int listen_on(int family, uint16_t *port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t length = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM, 0), yes = 1;

	assert_true(fd >= 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)), 0);
	assert_int_equal(bind(fd, address, length), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, address, &length), 0);
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

static int set_up(void **state)
{
	(void)state;
	plan.count = 0;
	snapshot_init(&scene.snapshot);
	assert_int_equal(socket_table_init(&scene.table), 0);
	scene.v4 = listen_on(AF_INET, &scene.v4_port);
	scene.v6 = listen_on(AF_INET6, &scene.v6_port);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(scene.v4);
	close(scene.v6);
	socket_table_release(&scene.table);
	snapshot_release(&scene.snapshot);
	return 0;
}

static int read_with(enum fault fault, unsigned count)
{
	const struct snapshot_netns netns = {.id = 1};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	uint32_t index;

	plan.fault = fault;
	plan.count = count;
	memset(&scene.error, 0, sizeof(scene.error));
	snapshot_reset(&scene.snapshot);
	assert_int_equal(socket_table_reset(&scene.table), 0);
	assert_int_equal(snapshot_add_netns(&scene.snapshot, &netns, &index), 0);
	return socket_table_read(&scene.table, &scene.snapshot, index, WANT_CLOSE_WAIT_AGE, &deadline, &scene.error);
}

static unsigned listeners_at(uint16_t port, uint8_t family, bool v6_only)
{
	unsigned count = 0;

	for (size_t i = 0; i < scene.snapshot.socket_count; i++) {
		const struct snapshot_socket *socket = &scene.snapshot.sockets[i];

		count += socket->state == STATE_LISTEN && socket->local_port == port &&
		         scene.snapshot.addresses[socket->local].family == family &&
		         !!(socket->flags & SOCKET_V6_ONLY) == v6_only;
	}
	return count;
}

/* Checks that the table has each of the test's listeners once, and that the inode index has no other rows. */
static void assert_whole_table(void)
{
	assert_int_equal(listeners_at(scene.v4_port, 4, false), 1);
	assert_int_equal(listeners_at(scene.v6_port, 6, true), 1);
	assert_true(scene.table.inodes.count <= scene.snapshot.socket_count);
}

static void one_walk_and_two_say_the_same(void **state)
{
	(void)state;
	assert_int_equal(read_with(FAULT_NONE, 0), 0);
	assert_whole_table();
	assert_false(scene.table.diag.no_one_walk);
	/* An older kernel refuses the request once. The backend does not repeat it. */
	assert_int_equal(read_with(FAULT_REFUSAL, 1), 0);
	assert_whole_table();
	assert_true(scene.table.diag.no_one_walk);
	assert_int_equal(read_with(FAULT_NONE, 0), 0);
	assert_whole_table();
}

static void no_ipv6_is_an_empty_dump(void **state)
{
	(void)state;
	scene.table.diag.no_one_walk = true;
	assert_int_equal(read_with(FAULT_REFUSAL, 1), -EOPNOTSUPP); /* the kernel must not refuse IPv4 */
	assert_non_null(strstr(scene.error.text, "cannot dump the sockets"));
}

static void a_lost_datagram_is_no_short_table(void **state)
{
	(void)state;
	assert_int_equal(read_with(FAULT_OVERRUN, 2), 0);
	assert_whole_table();
	assert_int_equal(read_with(FAULT_OVERRUN, 1000), -ENOBUFS);
	assert_true(1000 - plan.count < 100); /* bounded */
	assert_non_null(strstr(scene.error.text, "No buffer space"));
}

static void a_signal_is_no_failure(void **state)
{
	(void)state;
	assert_int_equal(read_with(FAULT_SIGNAL, 5), 0);
	assert_whole_table();
}

static void silence_is_a_timeout(void **state)
{
	(void)state;
	assert_int_equal(read_with(FAULT_SILENCE, 1), -ETIMEDOUT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(one_walk_and_two_say_the_same),
	        CASE(no_ipv6_is_an_empty_dump),
	        CASE(a_lost_datagram_is_no_short_table),
	        CASE(a_signal_is_no_failure),
	        CASE(silence_is_a_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
