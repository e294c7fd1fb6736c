/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor walk over /proc/PID/fd. */
#include "exporter/platform/linux/procfs/fd_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/platform/linux/procfs/parse.h"

/* Room for "socket:[4294967295]". A longer link is not a socket. */
#define LINK_SIZE 64
/* Files between two checks of the deadline: about a millisecond. */
#define FILES_PER_CHECK 512
/* The misses that a walk by number allows, and one more per this many descriptors. Few processes have gaps, and a
 * listing costs about a third of reading all links. */
#define SPARSE_MISSES 16
/* Room for the lines of /proc/PID/status up to NSpid. Groups can be long. */
#define STATUS_SIZE 4096

/* A comm is at most 15 bytes (TASK_COMM_LEN), and a newline follows. */
#define COMM_SIZE 32

/* The process whose descriptors are walked. */
struct visit {
	const struct process_entry *process;
	int dir;        /* its directory in procfs, which stays this process's if the pid is reused */
	uint32_t owner; /* its index in the snapshot, if has_owner */
	bool has_owner;
	unsigned files;   /* descriptors visited */
	bool may_put_off; /* false on the second round */
	bool put_off;
};

void fd_walk_init(struct fd_walk *walk, int procfs, const struct platform_options *options)
{
	char link[LINK_SIZE];
	long length = read_link_at(procfs, "self/ns/pid", link, sizeof(link));

	walk->procfs = procfs;
	walk->options = options;
	walk->own_pid_namespace = 0;
	if (length > 0 && !parse_ns_link(link, (size_t)length, "pid", &walk->own_pid_namespace))
		walk->own_pid_namespace = 0;
	process_list_init(&walk->processes);
	process_list_init(&walk->last);
	process_texts_init(&walk->texts);
}

void fd_walk_release(struct fd_walk *walk)
{
	process_list_release(&walk->processes);
	process_list_release(&walk->last);
	process_texts_release(&walk->texts);
}

/* Returns true if the process is PID 1 of its PID namespace. Sets *nested if that namespace is not the initial one. */
static bool is_first_process(const struct fd_walk *walk, const struct visit *visit, bool *nested)
{
	char bytes[STATUS_SIZE];
	uint64_t pid_namespace = 0;
	uint32_t innermost;
	long length = read_link_at(visit->dir, "ns/pid", bytes, LINK_SIZE);

	if (length > 0 && !parse_ns_link(bytes, (size_t)length, "pid", &pid_namespace))
		pid_namespace = 0;
	/* A link that cannot be read is that of our own namespace, if its PID 1 is. */
	if (pid_namespace == 0 && visit->process->pid == 1)
		pid_namespace = walk->own_pid_namespace;
	*nested = pid_namespace != INITIAL_PID_NAMESPACE;
	/* Most processes are in our own namespace, where their number here is the one that counts. */
	if (pid_namespace != 0 && pid_namespace == walk->own_pid_namespace)
		return visit->process->pid == 1;
	length = read_file_at(visit->dir, "status", bytes, sizeof(bytes));
	if (length > 0 && parse_status_innermost_pid(bytes, (size_t)length, &innermost))
		return innermost == 1;
	return visit->process->pid == 1;
}

static bool is_init(const struct fd_walk *walk, const struct visit *visit)
{
	char comm[COMM_SIZE];
	bool nested;
	long length;

	if (!is_first_process(walk, visit, &nested))
		return false;
	length = read_file_at(visit->dir, "comm", comm, sizeof(comm));
	return process_is_init(nested, comm, length > 0 ? (size_t)length - 1 : 0); /* without the newline */
}

static int put_off(struct fd_walk *walk, struct visit *visit)
{
	struct process_list *last = &walk->last;
	int result = array_reserve((void **)&last->items, &last->capacity, last->count + 1, sizeof(*last->items));

	if (result == 0) {
		last->items[last->count++] = *visit->process;
		visit->put_off = true;
	}
	return result;
}

/* Returns true for a descriptor that was opened with O_PATH, which refers to the socket's file name only. Its link has
 * neither read nor write permission (tid_fd_revalidate() in fs/proc/fd.c). */
static bool is_path_only(int files, const char *name)
{
	struct stat link;

	return fstatat(files, name, &link, AT_SYMLINK_NOFOLLOW) == 0 && (link.st_mode & (S_IRUSR | S_IWUSR)) == 0;
}

/* A process is checked for O_PATH until it holds one socket. Processes with descriptors of both kinds are rare, and a
 * check of every descriptor makes the walk half as long again. */
static int found_socket(struct fd_walk *walk, struct visit *visit, int files, const char *name, uint32_t inode)
{
	int result;

	if (!visit->has_owner) {
		if (!inode_index_next(walk->inodes, inode, NULL))
			return 0; /* not a TCP socket, or made after the dump */
		if (is_path_only(files, name))
			return 0;
		if (visit->may_put_off && is_init(walk, visit))
			return put_off(walk, visit);
		result = process_texts_add(&walk->texts, visit->dir, visit->process, walk->options, walk->snapshot,
		                           &visit->owner);
		if (result != 0)
			return result;
		visit->has_owner = true;
	}
	inode_index_claim(walk->inodes, walk->snapshot, inode, visit->owner);
	return 0;
}

/* Visits one descriptor. Returns 1 if it is open, 0 if not, or -errno to end the process's visit or the walk. */
static int visit_file(struct fd_walk *walk, struct visit *visit, int files, const char *name)
{
	char link[LINK_SIZE];
	uint32_t inode;
	int result;
	long length = read_link_at(files, name, link, sizeof(link));

	if (is_denied(length))
		return (int)length;
	if (length == -ENOENT)
		return 0;
	if (length > 0 && parse_socket_link(link, (size_t)length, &inode)) {
		result = found_socket(walk, visit, files, name, inode);
		if (result != 0)
			return result;
	}
	if (++visit->files % FILES_PER_CHECK == 0) {
		result = deadline_check(walk->deadline);
		if (result != 0)
			return result;
	}
	return 1;
}

static bool is_finished(const struct fd_walk *walk)
{
	return !walk->whole && walk->inodes->unresolved == 0;
}

static bool is_left(const struct fd_walk *walk, const struct visit *visit)
{
	return !visit->put_off && !is_finished(walk);
}

/*
 * Visits the descriptors from 0 up until `count` are found, which saves most of the listing. Sets *next to the first
 * descriptor that must still be listed: 0 if the gaps are too large, else the next number. A gap that was filled
 * meanwhile was counted instead of the last descriptor. Returns 0 or -errno.
 */
static int walk_by_number(struct fd_walk *walk, struct visit *visit, int files, uint64_t count, unsigned *next)
{
	uint64_t missed_most = SPARSE_MISSES + count / SPARSE_MISSES, missed = 0, found = 0;
	char name[16];

	for (; found < count && missed <= missed_most && is_left(walk, visit); ++*next) {
		int result;

		snprintf(name, sizeof(name), "%u", *next);
		result = visit_file(walk, visit, files, name);
		if (result < 0)
			return result;
		found += (unsigned)result;
		missed += result == 0;
	}
	if (missed > missed_most)
		*next = 0;
	return 0;
}

/* Lists the descriptors from `next` on. A descriptor's position in the directory is its number plus 2, for "." and ".."
 * (proc_readfd_common() in fs/proc/fd.c). */
static int walk_by_listing(struct fd_walk *walk, struct visit *visit, int files, unsigned next)
{
	const char *name;
	int result = 0;

	if (next != 0 && lseek(files, (off_t)next + 2, SEEK_SET) < 0)
		return -errno;
	dirents_begin(&walk->dirents, files);
	while (is_left(walk, visit) && (result = dirents_next(&walk->dirents, &name)) > 0) {
		result = visit_file(walk, visit, files, name);
		if (result < 0)
			break;
	}
	return result < 0 ? result : 0;
}

static int walk_files(struct fd_walk *walk, struct visit *visit, int files)
{
	struct stat stat;
	unsigned next = 0;
	int result = 0;

	/* Since Linux 6.2 the directory's size is the number of open descriptors. Before, it is 0. */
	if (fstat(files, &stat) == 0 && stat.st_size > 0)
		result = walk_by_number(walk, visit, files, (uint64_t)stat.st_size, &next);
	return result != 0 ? result : walk_by_listing(walk, visit, files, next);
}

static int open_files(const struct visit *visit)
{
	char path[48] = "fd";
	uint32_t tid;
	int files;

	if (visit->process->leader_gone) {
		int result = procfs_other_thread(visit->dir, visit->process->pid, &tid);

		if (result != 0)
			return result;
		snprintf(path, sizeof(path), "task/%u/fd", tid);
	}
	files = openat(visit->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return files < 0 ? -errno : files;
}

static int visit_process(struct fd_walk *walk, const struct process_entry *process, bool may_put_off)
{
	struct visit visit = {.process = process, .may_put_off = may_put_off};
	char path[16];
	int files, result;

	snprintf(path, sizeof(path), "%u", process->pid);
	visit.dir = openat(walk->procfs, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (visit.dir < 0)
		return -errno;
	files = result = open_files(&visit);
	if (files >= 0) {
		result = walk_files(walk, &visit, files);
		close(files);
	}
	close(visit.dir);
	return result;
}

static int visit_all(struct fd_walk *walk, const struct process_list *processes, bool may_put_off)
{
	for (size_t i = 0; i < processes->count && !is_finished(walk); i++) {
		int result = deadline_check(walk->deadline);

		if (result == 0)
			result = visit_process(walk, &processes->items[i], may_put_off);
		if (is_denied(result))
			walk->snapshot->unreadable_processes++;
		else if (result != 0 && !is_gone(result))
			return result;
	}
	return 0;
}

int fd_walk_run(struct fd_walk *walk, struct snapshot *snapshot, struct inode_index *inodes, struct deadline *deadline,
                struct platform_error *error)
{
	int result;

	walk->snapshot = snapshot;
	walk->inodes = inodes;
	walk->deadline = deadline;
	walk->whole = walk->options->want & WANT_SHARED;
	walk->last.count = 0;
	result = process_list_read(&walk->processes, walk->procfs, &walk->dirents, deadline, error);
	if (result != 0)
		return result;
	snapshot->unreadable_processes = walk->processes.denied;
	result = visit_all(walk, &walk->processes, true);
	if (result == 0)
		result = visit_all(walk, &walk->last, false);
	if (result != 0)
		platform_error_set(error, "cannot read the processes' files: %s", strerror(-result));
	return result;
}
