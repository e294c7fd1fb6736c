/* SPDX-License-Identifier: Apache-2.0 */
/* Makes sockets and processes that real hosts have in addition to held sockets: one kind per run. */
#include "loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Source addresses are 127.3.x.y, a new one for every connection: a new connection between the ends of a TIME_WAIT
 * would take its place. */
#define FIRST_SOURCE 0x7f030001u
#define COUNT_MAX    0xfffeu
/* Below the ports of `load` and `churn`. */
#define PORT 1998u
/* Slots of the shared table of descriptors. The kernel's tables have a power of two of them. */
#define SLOTS 32768u
/* A sharer calls prctl(), getppid() and pause(). Sanitizers need most of this. */
#define STACK_SIZE (64 * 1024)

struct kind {
	const char *name, *words; /* `words` follow the count in what is printed */
	/* Makes `count` items of the kind. Returns 0, or -1 with errno set. */
	int (*make)(unsigned count);
	bool grows_table; /* its size is printed too */
};

static pid_t children[COUNT_MAX];
static unsigned child_count;

/* The server closes first, so that the TIME_WAIT is its own. The client closes after it has received the FIN, since two
 * FINs that cross leave a TIME_WAIT at both ends. */
static int make_time_wait(unsigned count)
{
	const int listener = loopback_listen(PORT, false);
	char byte;

	if (listener < 0)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		const int client = loopback_connect(FIRST_SOURCE + i, PORT, false);
		const int server = client < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (server < 0 || close(server) < 0 || read(client, &byte, 1) != 0 || close(client) < 0)
			return -1;
	}
	return 0;
}

/* Sends the descriptor to a Unix socket from which nobody reads, and closes it here. */
static int leave_in_flight(int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = {0};
	char content = '+';
	struct iovec byte = {.iov_base = &content, .iov_len = sizeof(content)};
	const struct msghdr message = {
	        .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	int ends[2];

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 || sendmsg(ends[0], &message, 0) < 0)
		return -1;
	return close(fd);
}

/* The clients' ends of connections are in flight; this process holds the servers' ends. */
static int make_hidden(unsigned count)
{
	const int listener = loopback_listen(PORT, true);

	if (listener < 0)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		const int client = loopback_connect(FIRST_SOURCE + i, PORT, true);

		if (client < 0 || accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 || leave_in_flight(client) < 0)
			return -1;
	}
	return 0;
}

static int bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -1 : close(fd);
}

/* Makes the process end with its parent. */
static int outlive_no_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ? -1 : 0;
}

/* A process in a network namespace of its own. Writes a byte to `report` when its TIME_WAIT is there. */
static _Noreturn void be_namespace(pid_t parent, int report)
{
	if (outlive_no_parent(parent) < 0 || unshare(CLONE_NEWNET) < 0 || bring_up_loopback() < 0 ||
	    make_time_wait(1) < 0 || write(report, "+", 1) != 1) {
		perror("extras: network namespace");
		_exit(1);
	}
	close(report);
	for (;;)
		pause();
}

/* Forks `count` such processes. The caller reads the other end of `report`. */
static int start_namespaces(unsigned count, int report)
{
	const pid_t self = getpid();

	while (child_count < count) {
		const pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (pid == 0)
			be_namespace(self, report);
		children[child_count++] = pid;
	}
	return close(report);
}

static int make_namespaces(unsigned count)
{
	int report[2];
	char byte;

	if (pipe(report) < 0 || start_namespaces(count, report[1]) < 0)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		if (read(report[0], &byte, 1) != 1) {
			errno = ECHILD;
			return -1;
		}
	}
	return close(report[0]);
}

static int be_sharer(void *parent)
{
	if (outlive_no_parent(*(const pid_t *)parent) < 0)
		return 1;
	for (;;)
		pause();
}

/* Makes this process's table of descriptors as large as SLOTS, or as the hard limit allows: by one descriptor far
 * above the others. */
static int grow_table(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	return dup2(STDIN_FILENO, (int)(limit.rlim_max < SLOTS ? limit.rlim_max : SLOTS) - 1);
}

/* Makes copies of this process that share its descriptors and nothing else. Each has its own copy of the stack. */
static int make_sharers(unsigned count)
{
	_Alignas(16) static char stack[STACK_SIZE];
	pid_t self = getpid();

	if (grow_table() < 0)
		return -1;
	while (child_count < count) {
		const pid_t pid = clone(be_sharer, stack + sizeof(stack), CLONE_FILES | SIGCHLD, &self);

		if (pid < 0)
			return -1;
		children[child_count++] = pid;
	}
	return 0;
}

/* Returns the number of slots of this process's table of descriptors, or 0 if it cannot be read. */
static unsigned slots_of_table(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	unsigned slots = 0;

	while (status && slots == 0 && fgets(line, sizeof(line), status))
		(void)sscanf(line, "FDSize: %u", &slots);
	if (status)
		fclose(status);
	return slots;
}

static const struct kind kinds[] = {
        {"time-wait", "TIME_WAIT", make_time_wait, false},
        {"hidden", "without a visible holder (in flight in a Unix socket's queue)", make_hidden, false},
        {"namespaces", "TIME_WAIT, each in a network namespace of its own", make_namespaces, false},
        {"sharers", "processes that share one table of descriptors", make_sharers, true},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static void end_children(void)
{
	for (unsigned i = 0; i < child_count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static int run(const struct kind *kind, unsigned count)
{
	const int result = kind->make(count);

	if (result < 0) {
		fprintf(stderr, "extras: cannot make %u %s: %s\n", count, kind->words, strerror(errno));
	} else {
		printf("ready %u %s", count, kind->words);
		if (kind->grows_table)
			printf(" (%u slots)", slots_of_table());
		puts("");
		fflush(stdout);
		wait_for_end_of(STDIN_FILENO);
	}
	end_children();
	return result < 0;
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct kind *kind = argc == 3 ? find_kind(argv[1]) : NULL;
	const unsigned long count = kind ? strtoul(argv[2], NULL, 10) : 0;

	if (count < 1 || count > COUNT_MAX) {
		fprintf(stderr,
		        "usage: extras KIND COUNT, with a count of 1 to %u of one kind:\n"
		        "  time-wait   TIME_WAIT sockets; they last a minute\n"
		        "  hidden      sockets without a visible holder, in flight in the queue of a Unix socket\n"
		        "  namespaces  network namespaces with a TIME_WAIT each\n"
		        "  sharers     processes that share one sparse table of descriptors, of %u slots\n"
		        "Prints \"ready COUNT DESCRIPTION\" when all are made, and ends them at the end of its "
		        "standard "
		        "input.\n",
		        COUNT_MAX, SLOTS);
		return 2;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return 1;
	return run(kind, (unsigned)count);
}
