/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the host: listening sockets of every form, the process's own numbers, and the signals to stop. */
#include "exporter/platform/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/platform/file.h"

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	if (address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

static bool connects(int family, uint16_t port)
{
	const struct sockaddr_in v4 = {
	        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct sockaddr_in6 v6 = {
	        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = false;

	if (fd >= 0 && family == AF_INET)
		connected = connect(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0;
	else if (fd >= 0)
		connected = connect(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0;
	if (fd >= 0)
		close(fd);
	return connected;
}

static bool host_has_v6(void)
{
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static int listen_on(const char *address)
{
	struct platform_error error = {""};
	int fd = host_listen(address, &error);

	if (fd < 0)
		print_error("%s\n", error.text);
	assert_true(fd >= 0);
	return fd;
}

static void test_listen(void **state)
{
	const bool v6 = host_has_v6();
	const struct {
		const char *address;
		bool on_v4, on_v6;
	} cases[] = {
	        {":0", true, v6},         {"127.0.0.1:0", true, false}, {"0.0.0.0:0", true, false},
	        {"[::1]:0", false, true}, {"[::]:0", true, true},       {"localhost:0", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool named = strncmp(cases[i].address, "localhost", 9) == 0;
		uint16_t port;
		int fd;

		if (cases[i].address[0] == '[' && !v6)
			continue;
		fd = listen_on(cases[i].address);
		port = port_of(fd);
		assert_int_not_equal(port, 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		if (named) {
			assert_true(connects(AF_INET, port) || connects(AF_INET6, port));
		} else {
			assert_int_equal(connects(AF_INET, port), cases[i].on_v4);
			assert_int_equal(connects(AF_INET6, port), cases[i].on_v6);
		}
		close(fd);
	}
	if (!v6)
		print_message("this host has no IPv6: its addresses were left out\n");
}

static void test_socket_address(void **state)
{
	char text[HOST_ADDRESS_MAX], expected[HOST_ADDRESS_MAX];
	int fd = listen_on("127.0.0.1:0");

	(void)state;
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", port_of(fd));
	host_socket_address(fd, text, sizeof(text));
	assert_string_equal(text, expected);
	close(fd);
	if (host_has_v6()) {
		fd = listen_on(":0");
		snprintf(expected, sizeof(expected), "[::]:%u", port_of(fd));
		host_socket_address(fd, text, sizeof(text));
		assert_string_equal(text, expected);
		close(fd);
	}
	host_socket_address(-1, text, sizeof(text));
	assert_string_equal(text, "");
}

static void test_listen_errors(void **state)
{
	struct platform_error error;
	int fd = listen_on("127.0.0.1:0");
	char address[64], expected[128];

	(void)state;
	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(fd));
	snprintf(expected, sizeof(expected), "cannot listen on \"%s\": Address already in use", address);
	assert_int_equal(host_listen(address, &error), -EADDRINUSE);
	assert_string_equal(error.text, expected);
	close(fd);

	assert_int_equal(host_listen("nonsense", &error), -EINVAL);
	assert_string_equal(error.text, "cannot listen on \"nonsense\": not of the form [host]:port or unix:/path");
	assert_true(host_listen("192.0.2.1:0", &error) < 0); /* TEST-NET-1: no host has this address */
	assert_string_equal(error.text, "cannot listen on \"192.0.2.1:0\": Cannot assign requested address");
	assert_true(host_listen("256.256.256.256.:0", &error) < 0);
	assert_non_null(strstr(error.text, "cannot listen on \"256.256.256.256.:0\": "));
}

static void test_process(void **state)
{
	struct host_process before, after;
	struct timespec now;
	volatile unsigned spin = 0;
	const size_t size = 64 << 20;
	char *memory;
	int fds[3];

	(void)state;
	host_process_read(&before);
	assert_true(before.resident_bytes > 100000 && before.resident_bytes < before.virtual_bytes);
	assert_true(before.open_fds >= 3 && before.open_fds < before.max_fds);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_true(before.start_ms <= (uint64_t)now.tv_sec * 1000 + 1000);
	assert_true(before.start_ms + 120 * 1000 > (uint64_t)now.tv_sec * 1000);

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	memset(memory, 1, size);
	for (size_t i = 0; i < 3; i++)
		fds[i] = dup(STDIN_FILENO);
	do {
		for (int i = 0; i < 1000000; i++)
			spin = spin + 1;
		host_process_read(&after);
	} while (after.cpu_us < before.cpu_us + 20000);
	assert_int_equal(after.open_fds, before.open_fds + 3);
	assert_true(after.resident_bytes >= before.resident_bytes + size / 2);
	assert_true(after.virtual_bytes >= before.virtual_bytes + size);
	assert_int_equal(after.start_ms, before.start_ms);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
	munmap(memory, size);
}

/* Sends the signal to stop after the reload. */
static void count_reload(void *count)
{
	++*(int *)count;
	raise(SIGTERM);
}

static void test_stop_signals(void **state)
{
	struct platform_error error = {""};
	int reloads = 0;
	const struct host_hooks hooks = {.reload = count_reload, .status = "", .data = &reloads};

	(void)state;
	assert_int_equal(host_prepare_to_serve(&error), 0);
	raise(SIGTERM);
	assert_string_equal(host_wait_for_stop(&hooks), "SIGTERM");
	raise(SIGINT);
	assert_string_equal(host_wait_for_stop(&hooks), "SIGINT");
	assert_int_equal(reloads, 0);
	raise(SIGHUP);
	assert_string_equal(host_wait_for_stop(&hooks), "SIGTERM");
	assert_int_equal(reloads, 1);
}

static void test_broken_pipe(void **state)
{
	struct platform_error error = {""};
	int ends[2], argc = 0;
	char **argv = NULL;

	(void)state;
	assert_int_equal(host_prepare(&argc, &argv, &error), 0);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

/* A backslash and a colon are usual bytes of a name. */
static void test_file_names(void **state)
{
	(void)state;
	assert_int_equal(host_file_folder("a\\b:web.yml"), 0);
	assert_false(host_file_is_absolute("C:\\web.yml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_listen),        cmocka_unit_test(test_socket_address),
	        cmocka_unit_test(test_listen_errors), cmocka_unit_test(test_process),
	        cmocka_unit_test(test_stop_signals),  cmocka_unit_test(test_broken_pipe),
	        cmocka_unit_test(test_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
