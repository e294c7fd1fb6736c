/* SPDX-License-Identifier: Apache-2.0 */
/* Library for LD_PRELOAD that acts as injected code: at SIGUSR1 it makes the system call that TRIP names, at any point
 * of the exporter's work, and prints the result. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char *trip;
static int own_socket; /* made while that was allowed */

static long try_execve(void)
{
	char program[] = "/bin/true", *const argv[] = {program, NULL}, *const environment[] = {NULL};

	return syscall(SYS_execve, argv[0], argv, environment);
}

static long try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_ptrace(void)
{
	return syscall(SYS_ptrace, PTRACE_TRACEME, 0, NULL, NULL);
}

static long try_write(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
}

static long try_truncate(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_TRUNC | O_CLOEXEC, 0);
}

static long try_read(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
}

static long try_inet(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long try_unix(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long try_route(void)
{
	return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
}

static long try_connect(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNSPEC};

	return syscall(SYS_connect, own_socket, &address, sizeof(address));
}

static long try_code(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long try_bpf(void)
{
	const union bpf_attr attributes = {
	        .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

static long try_lookup(void)
{
	const union bpf_attr attributes = {.map_fd = (uint32_t)-1};

	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attributes, sizeof(attributes));
}

static long try_setns(void)
{
	return syscall(SYS_setns, own_socket, CLONE_NEWPID);
}

static long try_kill(void)
{
	return syscall(SYS_kill, getpid(), 0);
}

static long try_unshare(void)
{
	return syscall(SYS_unshare, CLONE_FS);
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
        {"execve", try_execve}, {"fork", try_fork},         {"ptrace", try_ptrace},   {"write", try_write},
        {"read", try_read},     {"truncate", try_truncate}, {"inet", try_inet},       {"unix", try_unix},
        {"route", try_route},   {"connect", try_connect},   {"code", try_code},       {"bpf", try_bpf},
        {"setns", try_setns},   {"kill", try_kill},         {"unshare", try_unshare}, {"lookup", try_lookup},
};

static void on_signal(int number)
{
	char text[64];

	(void)number;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int length;

		if (strcmp(calls[i].name, trip) != 0)
			continue;
		errno = 0;
		length = calls[i].call() >= 0 ? snprintf(text, sizeof(text), "trip: done\n")
		                              : snprintf(text, sizeof(text), "trip: %s\n", strerrorname_np(errno));
		if (write(STDERR_FILENO, text, (size_t)length) < 0)
			_exit(3);
	}
}

__attribute__((constructor)) static void arm(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	trip = getenv("TRIP");
	own_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (trip == NULL || own_socket < 0 || sigaction(SIGUSR1, &action, NULL) != 0)
		abort();
}
