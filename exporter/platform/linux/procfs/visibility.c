/* SPDX-License-Identifier: Apache-2.0 */
/* Visibility: compares the exporter's namespaces with those that procfs shows. */
#include "exporter/platform/linux/procfs/visibility.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/platform/linux/procfs/parse.h"

/* Room for the lines of /proc/PID/status up to NSpid. Groups can be long. */
#define STATUS_SIZE 4096
/* "pid:[4026531836]". */
#define LINK_SIZE 64
/* The first kernel thread, kthreadd: only the initial PID namespace has kernel threads. */
#define KTHREADD  "2/stat"
#define STAT_SIZE 2048

static const struct platform_limit own_pid_namespace = {
        .reason = "the exporter is in a PID namespace of its own, and cannot see processes outside of it",
        .remedy = "--pid=host, hostPID: true, or the host's procfs in --path.procfs",
};
static const struct platform_limit own_netns = {
        .reason = "the exporter is in another network namespace than process 1 of its procfs, and reads the sockets of "
                  "its own",
        .remedy = "--network=host, hostNetwork: true, or --collector.netns=all",
};
static const struct platform_limit hidepid = {
        .reason = "procfs is mounted with hidepid=2, and does not show other users' processes",
        .remedy = "CAP_SYS_PTRACE, or the group of the mount option gid",
};

/* Returns true if procfs shows the exporter, and no PID namespace above the exporter's. */
static bool shows_own_namespace(int procfs)
{
	char bytes[STATUS_SIZE];
	uint32_t pid, namespaces;
	long length = read_file_at(procfs, "self/status", bytes, sizeof(bytes));

	return length > 0 && parse_status_pids(bytes, (size_t)length, &pid, &namespaces) && namespaces == 1;
}

static bool is_in_nested_namespace(int procfs)
{
	char link[LINK_SIZE];
	uint64_t id = 0;
	long length = read_link_at(procfs, "self/ns/pid", link, sizeof(link));

	return length > 0 && parse_ns_link(link, (size_t)length, "pid", &id) && id != INITIAL_PID_NAMESPACE;
}

static bool shows_first_process(int procfs)
{
	return faccessat(procfs, "1", F_OK, 0) == 0;
}

static bool has_kernel_threads(int procfs)
{
	char bytes[STAT_SIZE];
	struct proc_stat stat;
	long length = read_file_at(procfs, KTHREADD, bytes, sizeof(bytes));

	if (length == -ENOENT) /* hidepid can hide even process 1 */
		return !shows_first_process(procfs);
	return length > 0 && parse_stat(bytes, (size_t)length, &stat) && (stat.flags & PF_KTHREAD);
}

/* Returns true if the PID namespace whose processes are seen is not the initial one. */
static bool is_nested(int procfs, enum visibility_source source)
{
	if (source == VISIBLE_BY_ITERATORS || shows_own_namespace(procfs))
		return is_in_nested_namespace(procfs);
	return !has_kernel_threads(procfs);
}

/* Each network namespace has its own files below /proc/PID/net, which every user can read. */
static bool is_in_other_netns(int procfs)
{
	struct stat first, own;

	return fstatat(procfs, "1/net/dev", &first, 0) == 0 && fstatat(procfs, "thread-self/net/dev", &own, 0) == 0 &&
	       first.st_ino != own.st_ino;
}

static const struct platform_limit *find_limit(int procfs, enum visibility_source source, bool all_netns)
{
	if (is_nested(procfs, source))
		return &own_pid_namespace;
	if (!all_netns && is_in_other_netns(procfs))
		return &own_netns;
	if (source == VISIBLE_BY_PROCFS && !shows_first_process(procfs))
		return &hidepid;
	return NULL;
}

/* Counts the processes that procfs shows, and its other directories. Returns false if procfs cannot be read. */
static bool count_entries(int procfs, struct dirents *dirents, uint64_t *processes, uint64_t *directories)
{
	struct stat stat;
	const char *name;
	uint32_t pid;
	int result;

	*processes = *directories = 0;
	if (lseek(procfs, 0, SEEK_SET) < 0)
		return false;
	dirents_begin(dirents, procfs);
	while ((result = dirents_next(dirents, &name)) > 0) {
		if (parse_pid(name, &pid))
			++*processes;
		else if (fstatat(procfs, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode))
			++*directories;
	}
	return result == 0;
}

static uint64_t links_of(int procfs)
{
	struct stat stat;

	return fstat(procfs, &stat) == 0 ? stat.st_nlink : 0;
}

void visibility_init(struct visibility *visibility, int procfs, enum visibility_source source,
                     const struct platform_options *options, struct dirents *dirents)
{
	uint64_t processes, directories;

	*visibility = (struct visibility){
	        .limit = find_limit(procfs, source, options->all_netns),
	        .procfs = procfs,
	};
	if (visibility->limit && count_entries(procfs, dirents, &processes, &directories))
		visibility->other_links = directories + 2; /* "." and the entry in its parent */
}

uint64_t visibility_hidden_processes(const struct visibility *visibility, struct dirents *dirents)
{
	uint64_t shown, directories, links = links_of(visibility->procfs);

	if (!count_entries(visibility->procfs, dirents, &shown, &directories))
		return 1;
	shown += visibility->other_links;
	return links > shown ? links - shown : 1;
}
