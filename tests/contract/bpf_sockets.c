/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for the tests of the BPF programs, and the rows of a walk over them. */
#include "bpf_sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void enter_empty_network(void)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(system("ip link set lo up"), 0);
}

uint16_t port_of(int fd)
{
	struct sockaddr_in6 address; /* sin_port is in the same place */
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin6_port);
}

int listen_on(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	assert_true(fd >= 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)), 0);
	assert_int_equal(listen(fd, BACKLOG), 0);
	return fd;
}

struct pair make_pair(int family, int protocol, bool mapped)
{
	struct sockaddr_in6 address = {.sin6_family = (sa_family_t)family, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	struct pair pair = {.client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol)};

	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (mapped)
		assert_int_equal(inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr), 1);
	assert_true(listener >= 0 && pair.client >= 0);
	assert_int_equal(listen(listener, BACKLOG), 0);
	address.sin6_port = htons(port_of(listener));
	assert_int_equal(connect(pair.client, (const struct sockaddr *)&address, sizeof(address)), 0);
	pair.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(pair.server >= 0);
	assert_int_equal(close(listener), 0);
	pair.port = port_of(pair.client);
	return pair;
}

unsigned count_maps(unsigned long *size)
{
	DIR *folder = opendir("/proc/self/fdinfo");
	unsigned count = 0;

	assert_non_null(folder);
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char path[300], text[1024] = "";
		const char *memory;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
		memory = strstr(text, "memlock:\t");
		if (!strstr(text, "map_type:\t9\n") || !memory)
			continue;
		*size = strtoul(memory + strlen("memlock:\t"), NULL, 10);
		count++;
	}
	closedir(folder);
	return count;
}

static void write_setting(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(value, file) < 0 || fclose(file) != 0)
		_exit(1);
}

/* Holds both ends of the connections. Each has the listener's port on one side. */
static void hold_connections(const char *ehash_entries, int connections, int port, int end)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	uint16_t number;
	int listener;
	char byte;

	write_setting("/proc/sys/net/ipv4/tcp_child_ehash_entries", ehash_entries);
	enter_empty_network();
	listener = listen_on(AF_INET);
	number = port_of(listener);
	address.sin_port = htons(number);
	for (int i = 0; i < connections; i++)
		if (connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)) != 0 ||
		    accept(listener, NULL, NULL) < 0)
			_exit(1);
	if (write(port, &number, sizeof(number)) != sizeof(number))
		_exit(1);
	_exit(read(end, &byte, sizeof(byte)) != 0);
}

void make_other_network(struct other_netns *other, const char *ehash_entries, int connections)
{
	struct rlimit limit;
	int port[2], end[2];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(pipe(port), 0);
	assert_int_equal(pipe(end), 0);
	other->pid = fork();
	assert_true(other->pid >= 0);
	if (other->pid == 0) {
		close(end[1]);
		hold_connections(ehash_entries, connections, port[1], end[0]);
	}
	close(port[1]);
	close(end[0]);
	assert_int_equal(read(port[0], &other->port, sizeof(other->port)), sizeof(other->port));
	close(port[0]);
	other->end = end[1];
}

void end_other_network(struct other_netns *other)
{
	close(other->end);
	assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
}

void add_seen(struct seen *seen, const struct window_row *row)
{
	assert_in_range(seen->count, 0, SEEN_MAX - 1);
	seen->rows[seen->count++] = *row;
}

const struct window_row *only_row(const struct seen *seen, int tcp_state, int family, uint16_t port)
{
	const struct window_row *found = NULL;

	for (size_t i = 0; i < seen->count; i++) {
		const struct window_row *row = &seen->rows[i];

		if (row->state != tcp_state || row->family != family || row->local_port != port)
			continue;
		assert_null(found);
		found = row;
	}
	assert_non_null(found);
	return found;
}
