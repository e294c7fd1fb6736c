/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the calls that serve connections: pairs, the ends of streams, and polling. */
#include "exporter/platform/socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/host.h"

enum {
	ONE_END_BYTES = 64 * 1024,
	/* More bytes than both buffers of a pair hold, whatever the system makes of ONE_END_BYTES. */
	MANY_BYTES = 64 * 1024 * 1024,
	WAIT_MS = 20000,
};

static int ends[2];

static int set_up(void **state)
{
	(void)state;
	return host_socket_pair(ends, ONE_END_BYTES);
}

static int tear_down(void **state)
{
	(void)state;
	host_close_socket(ends[1]);
	host_close_socket(ends[0]);
	return 0;
}

/* Returns the results of one entry, after waiting for any. */
static short wait_for(int socket, short events)
{
	struct pollfd fds[] = {poll_entry(-1, POLLIN), poll_entry(socket, events)};

	assert_int_equal(host_poll(fds, 2, WAIT_MS), 1);
	assert_int_equal(fds[0].revents, 0);
	return fds[1].revents;
}

static void assert_receives(int socket, const char *text)
{
	char bytes[64];

	assert_true(wait_for(socket, POLLIN) & POLLIN);
	assert_int_equal(host_peek(socket, bytes, sizeof(bytes)), strlen(text));
	assert_int_equal(host_receive(socket, bytes, sizeof(bytes)), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

/* Sends until the buffers are full. Returns the number of bytes. */
static size_t fill(int socket)
{
	static const char bytes[16 * 1024];
	size_t total = 0;
	ssize_t sent;

	while ((sent = host_send(socket, bytes, sizeof(bytes))) > 0 && total < MANY_BYTES)
		total += (size_t)sent;
	assert_int_equal(sent, -EAGAIN);
	return total;
}

static void test_both_ways(void **state)
{
	struct pollfd idle = poll_entry(ends[0], POLLIN);
	char byte;

	(void)state;
	assert_int_equal(host_receive(ends[0], &byte, 1), -EAGAIN);
	assert_int_equal(host_poll(&idle, 1, 0), 0);
	assert_int_equal(host_send(ends[0], "request", 7), 7);
	assert_receives(ends[1], "request");
	assert_int_equal(host_send(ends[1], "answer", 6), 6);
	assert_receives(ends[0], "answer");
}

/* A stream ends after its bytes. The other direction still works. */
static void test_half_close(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(host_send(ends[0], "last", 4), 4);
	assert_int_equal(host_end_sending(ends[0]), 0);
	assert_receives(ends[1], "last");
	assert_int_equal(wait_for(ends[1], POLLIN), POLLIN);
	assert_int_equal(host_receive(ends[1], &byte, 1), 0);
	assert_int_equal(wait_for(ends[1], POLLOUT), POLLOUT);
	assert_int_equal(host_send(ends[1], "answer", 6), 6);
	assert_receives(ends[0], "answer");
}

/* A peer that sends no more and reads slowly receives every byte. */
static void test_slow_reader(void **state)
{
	size_t sent, received = 0;
	char bytes[4096];
	ssize_t got;

	(void)state;
	assert_int_equal(host_end_sending(ends[0]), 0);
	sent = fill(ends[1]);
	assert_true(sent >= ONE_END_BYTES / 2);
	while (received < sent) {
		assert_true(wait_for(ends[0], POLLIN) & POLLIN);
		got = host_receive(ends[0], bytes, sizeof(bytes));
		assert_true(got > 0);
		received += (size_t)got;
	}
	assert_int_equal(wait_for(ends[1], POLLOUT), POLLOUT);
	assert_true(host_send(ends[1], "x", 1) == 1);
}

/* The end of both streams is reported without being asked for. */
static void test_end_of_both(void **state)
{
	char byte;

	(void)state;
	host_end_both(ends[1]);
	assert_true(wait_for(ends[0], 0) & POLLHUP);
	assert_int_equal(host_receive(ends[0], &byte, 1), 0);
}

static bool take_and_close(void *data, int socket)
{
	(void)data;
	host_close_socket(socket);
	return true;
}

static bool refuse(void *data, int socket)
{
	(void)data;
	host_close_socket(socket);
	return false;
}

static void test_loop(void **state)
{
	(void)state;
	assert_true(host_loop_alive(take_and_close, NULL));
	assert_true(host_loop_alive(refuse, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_both_ways, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_half_close, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_slow_reader, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_end_of_both, set_up, tear_down),
	        cmocka_unit_test(test_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
