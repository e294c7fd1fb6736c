/* SPDX-License-Identifier: Apache-2.0 */
/* Floors: the kernel's cost of listing its sockets, and the descriptors of every process, to a reader that ignores
 * them. */
#include "probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills at most 32 KiB per datagram, and getdents64() is not faster with a larger buffer. */
#define BUFFER_SIZE (32 * 1024)
#define ALL_STATES  0xfffu

struct dump {
	int fd;
	bool one_walk;
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
};

static void *open_dump(bool one_walk)
{
	struct dump *dump = calloc(1, sizeof(*dump));

	if (!dump)
		return NULL;
	dump->one_walk = one_walk;
	dump->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (dump->fd < 0) {
		free(dump);
		return NULL;
	}
	return dump;
}

static void *open_two_walks(char **arguments)
{
	(void)arguments;
	return open_dump(false);
}

static void *open_one_walk(char **arguments)
{
	(void)arguments;
	return open_dump(true);
}

static int request_family(int fd, int family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} message = {
	        .header = {.nlmsg_len = sizeof(message),
	                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	        .body = {.sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ALL_STATES},
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -1 : 0;
}

static int request_one_walk(int fd)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} message = {
	        .header = {.nlmsg_len = sizeof(message),
	                   .nlmsg_type = TCPDIAG_GETSOCK,
	                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	        .body = {.idiag_states = ALL_STATES},
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -1 : 0;
}

/* Counts the rows of one datagram. Returns true if it was the last of the dump. */
static bool count_rows(const char *datagram, size_t length, uint64_t *count, int *error)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= length;) {
		const struct nlmsghdr *header = (const void *)(datagram + at);

		if (header->nlmsg_type == NLMSG_DONE)
			return true;
		if (header->nlmsg_type == NLMSG_ERROR) {
			*error = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
			return true;
		}
		++*count;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
	return false;
}

static int receive(struct dump *dump, uint64_t *count)
{
	int error = 0;
	ssize_t length;

	do {
		length = recv(dump->fd, dump->buffer, sizeof(dump->buffer), 0);
		if (length < 0)
			return -1;
	} while (!count_rows(dump->buffer, (size_t)length, count, &error));
	errno = error;
	return error ? -1 : 0;
}

static int run_dump(void *state, struct probe_sample *sample)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct dump *dump = state;

	if (dump->one_walk)
		return request_one_walk(dump->fd) < 0 ? -1 : receive(dump, &sample->count);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (request_family(dump->fd, families[i]) < 0 || receive(dump, &sample->count) < 0)
			return -1;
	}
	return 0;
}

static void close_dump(void *state)
{
	struct dump *dump = state;

	close(dump->fd);
	free(dump);
}

struct walk {
	int proc;
	_Alignas(struct dirent64) char processes[BUFFER_SIZE];
	_Alignas(struct dirent64) char descriptors[BUFFER_SIZE];
};

static void *open_walk(char **arguments)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	(void)arguments;
	if (!walk)
		return NULL;
	walk->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (walk->proc < 0) {
		free(walk);
		return NULL;
	}
	return walk;
}

/* Calls `visit` for every entry whose name begins with a digit. Returns the first result that is not 0. */
static int each_number(int directory, char *buffer, int (*visit)(int directory, const char *name, void *data),
                       void *data)
{
	ssize_t length;

	while ((length = getdents64(directory, buffer, BUFFER_SIZE)) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			const int result =
			        isdigit((unsigned char)entry->d_name[0]) ? visit(directory, entry->d_name, data) : 0;

			if (result != 0)
				return result;
			at += entry->d_reclen;
		}
	}
	return (int)length;
}

static int visit_descriptor(int directory, const char *name, void *data)
{
	static const char prefix[] = "socket:[";
	char link[64];
	const ssize_t length = readlinkat(directory, name, link, sizeof(link));

	if (length >= (ssize_t)sizeof(prefix) && memcmp(link, prefix, sizeof(prefix) - 1) == 0)
		++*(uint64_t *)data;
	return 0;
}

struct walk_run {
	struct walk *walk;
	uint64_t count;
};

/* A process that ends during the walk is not part of the load. */
static int visit_process(int directory, const char *name, void *data)
{
	struct walk_run *run = data;
	char path[NAME_MAX + sizeof("/fd")];
	int fd;

	snprintf(path, sizeof(path), "%s/fd", name);
	fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? -1 : 0;
	(void)each_number(fd, run->walk->descriptors, visit_descriptor, &run->count);
	close(fd);
	return 0;
}

static int run_walk(void *state, struct probe_sample *sample)
{
	struct walk_run run = {.walk = state};

	if (lseek(run.walk->proc, 0, SEEK_SET) < 0 ||
	    each_number(run.walk->proc, run.walk->processes, visit_process, &run) < 0)
		return -1;
	sample->count = run.count;
	return 0;
}

static void close_walk(void *state)
{
	struct walk *walk = state;

	close(walk->proc);
	free(walk);
}

const struct probe_kind probe_dump = {
        .name = "dump", .arguments = "", .open = open_two_walks, .run = run_dump, .close = close_dump};
const struct probe_kind probe_dump_one_walk = {
        .name = "dump-one-walk", .arguments = "", .open = open_one_walk, .run = run_dump, .close = close_dump};
const struct probe_kind probe_walk = {
        .name = "walk", .arguments = "", .open = open_walk, .run = run_walk, .close = close_walk};
