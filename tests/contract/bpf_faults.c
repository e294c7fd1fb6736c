/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel refusals in the BPF backend: maps, programs, links and iterators fail, each call in turn and all calls. The
 * backend opens or reports an error, leaves no descriptor open, and reads correctly after a failed read. The kernel is
 * real. The tests replace libc's bpf(2) and read(2) wrappers.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf_sockets.h"
#include "exporter/platform/linux/bpf/bpf.h"

enum { ALL_COMMANDS = -1, READ_OF_ITERATOR = -2, EVERY_TIME = 0, CALLS_MAX = 1000 };

static struct {
	int command; /* of bpf(2), or a constant above */
	unsigned at; /* the number of the call that fails, from 1; EVERY_TIME: all */
	int error;
	unsigned seen;
	bool armed, failed;
} plan;

static uint16_t port;

static bool fails(int command)
{
	if (!plan.armed || (plan.command != command && (plan.command != ALL_COMMANDS || command < 0)))
		return false;
	plan.seen++;
	if (plan.at != EVERY_TIME && plan.seen != plan.at)
		return false;
	plan.failed = true;
	errno = plan.error;
	return true;
}

/* Libraries call these functions instead of libc's. */
long syscall(long number, ...)
{
	static long (*real)(long, long, long, long, long, long, long);
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && fails((int)arguments[0]))
		return -1;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

/* Only the iterator is read in single bytes. */
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	return size == 1 && fails(READ_OF_ITERATOR) ? -1 : __real_read(fd, bytes, size);
}

/* Some compilers check the size of that one byte, too (_FORTIFY_SOURCE). */
ssize_t __wrap___read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __wrap___read_chk(int fd, void *bytes, size_t size, size_t room)
{
	assert_true(size <= room);
	return __wrap_read(fd, bytes, size);
}

static void arm(int command, unsigned at, int error)
{
	plan.command = command;
	plan.at = at;
	plan.error = error;
	plan.seen = 0;
	plan.failed = false;
	plan.armed = true;
}

static bool disarm(void)
{
	plan.armed = false;
	return plan.failed;
}

static unsigned open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void expect_row(const struct snapshot *snapshot)
{
	unsigned found = 0;

	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];

		if (socket->state != STATE_LISTEN || socket->local_port != port)
			continue;
		assert_true(socket->owner < snapshot->process_count);
		assert_int_equal(snapshot->processes[socket->owner].pid, getpid());
		found++;
	}
	assert_int_equal(found, 1);
}

static void expect_reads(struct platform *platform)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct snapshot snapshot;

	snapshot_init(&snapshot);
	if (platform_bpf.read(platform, &deadline, &snapshot, &error) != 0)
		fail_msg("%s", error.text);
	expect_row(&snapshot);
	snapshot_release(&snapshot);
}

/* Opens the backend with a failing call. If it opens, it must work. Returns true if a call failed. */
static bool open_with(int command, unsigned at, int error_number)
{
	const struct platform_options options = {.procfs = "/proc"};
	const unsigned before = open_descriptors();
	struct platform_error error = {{0}};
	struct platform *platform;
	int result;
	bool failed;

	arm(command, at, error_number);
	result = platform_bpf.open(&platform, &options, &error);
	failed = disarm();
	assert_true(failed || result == 0);
	assert_true((platform != NULL) == (result == 0));
	if (result == 0) {
		expect_reads(platform);
		platform_bpf.close(platform);
	} else {
		assert_true(strlen(error.text) > 0);
	}
	assert_int_equal(open_descriptors(), before);
	return failed;
}

static void opens_or_says_why_not(void **state)
{
	const int errors[] = {EPERM, EINVAL, ENOMEM, E2BIG};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		unsigned at = 1;

		while (at < CALLS_MAX && open_with(ALL_COMMANDS, at, errors[i]))
			at++;
		assert_in_range(at, 5, CALLS_MAX - 1); /* maps, programs and links at least */
	}
}

static void refused_as_a_whole(void **state)
{
	const int commands[] = {ALL_COMMANDS, BPF_MAP_CREATE, BPF_PROG_LOAD, BPF_LINK_CREATE};
	const struct platform_options options = {.procfs = "/proc"};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct platform_error error = {{0}};
		struct platform *platform;

		arm(commands[i], EVERY_TIME, EPERM);
		assert_int_equal(platform_bpf.open(&platform, &options, &error), -EPERM);
		assert_true(disarm());
		assert_null(platform);
		assert_non_null(strstr(error.text, "cannot load the BPF program: "));
		assert_non_null(strstr(error.text, "(a seccomp filter or a security module refuses bpf(2))"));
	}
}

static void reads_that_fail(void **state)
{
	const struct {
		int command, error;
		const char *words;
	} faults[] = {
	        {BPF_ITER_CREATE, EMFILE, "cannot start the BPF iterator: Too many open files"},
	        {BPF_ITER_CREATE, EPERM, "cannot start the BPF iterator: Operation not permitted"},
	        {BPF_ITER_CREATE, ENOMEM, "cannot start the BPF iterator: Cannot allocate memory"},
	        {READ_OF_ITERATOR, EINVAL, "cannot walk the processes' files: Invalid argument"},
	        {READ_OF_ITERATOR, ENOMEM, "cannot walk the processes' files: Cannot allocate memory"},
	};
	const struct platform_options options = {.procfs = "/proc"};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct snapshot snapshot;
	struct platform *platform;

	(void)state;
	snapshot_init(&snapshot);
	assert_int_equal(platform_bpf.open(&platform, &options, &error), 0);
	expect_reads(platform);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const unsigned before = open_descriptors();

		arm(faults[i].command, 1, faults[i].error);
		assert_int_equal(platform_bpf.read(platform, &deadline, &snapshot, &error), -faults[i].error);
		assert_true(disarm());
		assert_non_null(strstr(error.text, faults[i].words));
		assert_int_equal(open_descriptors(), before);
		expect_reads(platform);
	}
	platform_bpf.close(platform);
	snapshot_release(&snapshot);
}

/* A walk that lost rows is repeated. */
static void a_walk_is_made_again(void **state)
{
	const struct platform_options options = {.procfs = "/proc"};
	struct platform_error error = {{0}};
	struct platform *platform;

	(void)state;
	assert_int_equal(platform_bpf.open(&platform, &options, &error), 0);
	arm(READ_OF_ITERATOR, 1, EIO);
	expect_reads(platform);
	assert_true(disarm());
	platform_bpf.close(platform);
}

static int set_up(void **state)
{
	(void)state;
	enter_empty_network();
	port = port_of(listen_on(AF_INET));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(opens_or_says_why_not),
	        cmocka_unit_test(refused_as_a_whole),
	        cmocka_unit_test(reads_that_fail),
	        cmocka_unit_test(a_walk_is_made_again),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
