/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the descriptor walk, over a procfs made of files: owners, the order of inits, and the early end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/platform/linux/procfs/fd_walk.h"

static struct {
	char root[64];
	int procfs;
	struct platform_options options;
	struct fd_walk walk;
	struct snapshot snapshot;
	struct inode_index inodes;
	struct deadline deadline;
} host;

static int set_up(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	snprintf(host.root, sizeof(host.root), "/tmp/fd_walk.XXXXXX");
	assert_non_null(mkdtemp(host.root));
	host.procfs = open(host.root, O_RDONLY | O_DIRECTORY);
	assert_true(host.procfs >= 0);
	host.options = (struct platform_options){.want = WANT_SHARED};
	host.deadline.expires_ns = UINT64_MAX;
	snapshot_init(&host.snapshot);
	inode_index_init(&host.inodes);
	assert_int_equal(inode_index_reset(&host.inodes), 0);
	fd_walk_init(&host.walk, host.procfs, &host.options);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", host.root);
	fd_walk_release(&host.walk);
	snapshot_release(&host.snapshot);
	inode_index_release(&host.inodes);
	close(host.procfs);
	return system(command);
}

static void make_directory(const char *path)
{
	assert_int_equal(mkdirat(host.procfs, path, 0755), 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = openat(host.procfs, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

struct fake {
	unsigned pid;
	const char *comm;
	unsigned start;
	char state;
	unsigned threads;
	unsigned flags;
	unsigned innermost_pid; /* 0: status has no NSpid */
};

static void add_process(struct fake fake)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "%u", fake.pid);
	make_directory(path);
	snprintf(path, sizeof(path), "%u/fd", fake.pid);
	make_directory(path);
	snprintf(path, sizeof(path), "%u/comm", fake.pid);
	snprintf(text, sizeof(text), "%s\n", fake.comm);
	write_file(path, text);
	snprintf(path, sizeof(path), "%u/stat", fake.pid);
	snprintf(text, sizeof(text), "%u (%s) %c 0 0 0 0 0 %u 0 0 0 0 0 0 0 0 20 0 %u 0 %u 0\n", fake.pid, fake.comm,
	         fake.state ? fake.state : 'S', fake.flags, fake.threads ? fake.threads : 1, fake.start);
	write_file(path, text);
	snprintf(path, sizeof(path), "%u/status", fake.pid);
	if (fake.innermost_pid != 0) {
		snprintf(text, sizeof(text), "Name:\t%s\nNSpid:\t%u\t%u\n", fake.comm, fake.pid, fake.innermost_pid);
		write_file(path, text);
	}
}

static void add_fd(const char *process_files, unsigned fd, unsigned inode)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "%s/%u", process_files, fd);
	snprintf(text, sizeof(text), "socket:[%u]", inode);
	assert_int_equal(symlinkat(text, host.procfs, path), 0);
}

static void add_socket(uint32_t inode)
{
	assert_non_null(snapshot_add_socket(&host.snapshot));
	assert_int_equal(inode_index_add(&host.inodes, inode, (uint32_t)host.snapshot.socket_count - 1), 0);
}

static int walk(void)
{
	struct platform_error error;

	return fd_walk_run(&host.walk, &host.snapshot, &host.inodes, &host.deadline, &error);
}

static void assert_owner(size_t row, uint32_t pid, const char *name)
{
	const struct snapshot_process *owner;

	assert_true(host.snapshot.sockets[row].owner < host.snapshot.process_count);
	owner = &host.snapshot.processes[host.snapshot.sockets[row].owner];
	assert_int_equal(owner->pid, pid);
	assert_int_equal(owner->text[PROCESS_NAME].length, strlen(name));
	assert_memory_equal(snapshot_text(&host.snapshot, owner->text[PROCESS_NAME]), name, strlen(name));
}

static void oldest_holder_owns(void **state)
{
	(void)state;
	/* The worker has the lower process id, because process ids wrap. */
	add_process((struct fake){.pid = 20, .comm = "worker", .start = 900});
	add_process((struct fake){.pid = 300, .comm = "master", .start = 100});
	add_fd("20/fd", 3, 77);
	add_fd("20/fd", 4, 78);
	add_fd("300/fd", 9, 77);
	add_socket(77);
	add_socket(78);
	add_socket(79);
	assert_int_equal(walk(), 0);
	assert_owner(0, 300, "master");
	assert_owner(1, 20, "worker");
	assert_int_equal(host.snapshot.sockets[2].owner, OWNER_NONE);
	assert_int_equal(host.inodes.shared, 1);
}

static void same_start_lowest_pid_owns(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 21, .comm = "b", .start = 5});
	add_process((struct fake){.pid = 20, .comm = "a", .start = 5});
	add_fd("21/fd", 3, 77);
	add_fd("20/fd", 3, 77);
	add_socket(77);
	assert_int_equal(walk(), 0);
	assert_owner(0, 20, "a");
}

static void pid_1_yields(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 1, .comm = "systemd", .start = 1, .innermost_pid = 1});
	add_process((struct fake){.pid = 50, .comm = "service", .start = 500, .innermost_pid = 50});
	add_fd("1/fd", 30, 77);
	add_fd("1/fd", 31, 78);
	add_fd("50/fd", 3, 77);
	add_socket(77);
	add_socket(78);
	assert_int_equal(walk(), 0);
	assert_owner(0, 50, "service");
	assert_owner(1, 1, "systemd");
	assert_int_equal(host.inodes.shared, 1);
}

static void pid_1_of_a_container_yields(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 400, .comm = "init", .start = 10, .innermost_pid = 1});
	add_process((struct fake){.pid = 401, .comm = "service", .start = 20, .innermost_pid = 2});
	add_fd("400/fd", 3, 77);
	add_fd("401/fd", 3, 77);
	add_socket(77);
	assert_int_equal(walk(), 0);
	assert_owner(0, 401, "service");
}

/* The size of the descriptor directory that fstat() returns. 0: the kernel's number. */
static off_t descriptors;

int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat)
{
	int result = __real_fstat(fd, stat);

	if (descriptors != 0)
		stat->st_size = descriptors;
	return result;
}

/* A descriptor that is opened after the count and before the walk is found instead of the last one. */
static void a_gap_that_was_filled(void **state)
{
	int last = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat stat;

	(void)state;
	for (int fd = 0; fd < last; fd++)
		assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_int_equal(fstat(last, &stat), 0);
	add_process((struct fake){.pid = 20, .comm = "holder", .start = 100});
	assert_int_equal(unlinkat(host.procfs, "20/fd", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("/proc/self/fd", host.procfs, "20/fd"), 0);
	add_socket((uint32_t)stat.st_ino);
	descriptors = last;
	assert_int_equal(walk(), 0);
	descriptors = 0;
	close(last);
	assert_owner(0, 20, "holder");
}

static void stops_early_unless_sharing_is_counted(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 10, .comm = "old", .start = 1});
	add_process((struct fake){.pid = 11, .comm = "young", .start = 2});
	add_fd("10/fd", 3, 77);
	add_fd("11/fd", 3, 77);
	add_fd("11/fd", 4, 99);
	add_socket(77);
	host.options.want = 0;
	assert_int_equal(walk(), 0);
	assert_owner(0, 10, "old");
	assert_int_equal(host.inodes.shared, 0);
	assert_int_equal(host.snapshot.process_count, 1);
	host.options.want = WANT_SHARED;
	assert_int_equal(walk(), 0);
	assert_int_equal(host.inodes.shared, 1);
}

static void threads_hold_what_their_leader_left(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 10, .comm = "zombie", .start = 1, .state = 'Z', .threads = 1});
	add_process((struct fake){.pid = 30, .comm = "headless", .start = 2, .state = 'Z', .threads = 2});
	make_directory("30/task");
	make_directory("30/task/30");
	make_directory("30/task/31");
	make_directory("30/task/31/fd");
	add_fd("30/task/31/fd", 5, 77);
	add_fd("10/fd", 5, 77);
	add_socket(77);
	assert_int_equal(walk(), 0);
	assert_owner(0, 30, "headless");
	assert_int_equal(host.inodes.shared, 0);
}

static void kernel_threads_are_left_out(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 2, .comm = "kthreadd", .start = 0, .flags = 0x00200000});
	add_fd("2/fd", 1, 77);
	add_socket(77);
	assert_int_equal(walk(), 0);
	assert_int_equal(host.snapshot.sockets[0].owner, OWNER_NONE);
}

static void a_process_that_dies_costs_only_itself(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 10, .comm = "dying", .start = 1});
	add_process((struct fake){.pid = 11, .comm = "living", .start = 2});
	add_process((struct fake){.pid = 12, .comm = "dead", .start = 3});
	add_fd("10/fd", 3, 77);
	add_fd("11/fd", 3, 78);
	assert_int_equal(unlinkat(host.procfs, "10/comm", 0), 0); /* between its files and its name */
	assert_int_equal(unlinkat(host.procfs, "12/fd", AT_REMOVEDIR), 0);
	make_directory("13"); /* between the list and its stat */
	add_socket(77);
	add_socket(78);
	assert_int_equal(walk(), 0);
	assert_int_equal(host.snapshot.sockets[0].owner, OWNER_NONE);
	assert_owner(1, 11, "living");
	assert_int_equal(host.snapshot.unreadable_processes, 0);
}

static void comm_is_raw_bytes(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 10, .comm = "a)\n\"\\\xff", .start = 1});
	add_fd("10/fd", 3, 77);
	add_socket(77);
	assert_int_equal(walk(), 0);
	assert_owner(0, 10, "a)\n\"\\\xff");
}

static void gives_up_when_told(void **state)
{
	(void)state;
	add_process((struct fake){.pid = 10, .comm = "x", .start = 1});
	host.deadline.cancelled = true;
	assert_int_equal(walk(), -ECANCELED);
	host.deadline.cancelled = false;
	host.deadline.expires_ns = 1;
	assert_int_equal(walk(), -ETIMEDOUT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(oldest_holder_owns),
	        CASE(same_start_lowest_pid_owns),
	        CASE(pid_1_yields),
	        CASE(pid_1_of_a_container_yields),
	        CASE(a_gap_that_was_filled),
	        CASE(stops_early_unless_sharing_is_counted),
	        CASE(threads_hold_what_their_leader_left),
	        CASE(kernel_threads_are_left_out),
	        CASE(a_process_that_dies_costs_only_itself),
	        CASE(comm_is_raw_bytes),
	        CASE(gives_up_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
