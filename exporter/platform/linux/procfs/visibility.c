/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host a procfs shows. */
#include "exporter/platform/linux/procfs/visibility.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/platform/linux/procfs/parse.h"

/* PROC_PID_INIT_INO and PROC_TIME_INIT_INO in include/linux/proc_ns.h: the initial namespaces, on every host. */
#define INITIAL_PID_NAMESPACE  0xEFFFFFFCu
#define INITIAL_TIME_NAMESPACE 0xEFFFFFFAu
/* kthreadd, which is PID 2 of the initial PID namespace (rest_init() in init/main.c). No other has kernel threads. */
#define KTHREADD_STAT "2/stat"
/* "pid:[4026531836]". */
#define LINK_SIZE 64
/* The first lines of /proc/self/status, NSpid among them; Groups may be long. */
#define STATUS_SIZE 4096

static uint64_t namespace_of(int procfs, const char *path, const char *kind)
{
	char link[LINK_SIZE];
	uint64_t id = 0;
	long length = read_link_at(procfs, path, link, sizeof(link));

	return length > 0 && parse_ns_link(link, (size_t)length, kind, &id) ? id : 0;
}

/* Returns true if procfs is of the exporter's own PID namespace, not of one around it. */
static bool is_own(int procfs)
{
	char bytes[STATUS_SIZE];
	uint32_t pid, namespaces;
	long length = read_file_at(procfs, "self/status", bytes, sizeof(bytes));

	return length > 0 && parse_status_pids(bytes, (size_t)length, &pid, &namespaces) && namespaces == 1;
}

static bool has_kernel_threads(int procfs)
{
	char bytes[STATUS_SIZE];
	struct proc_stat stat;
	long length = read_file_at(procfs, KTHREADD_STAT, bytes, sizeof(bytes));

	return length > 0 && parse_stat(bytes, (size_t)length, &stat) && (stat.flags & PF_KTHREAD);
}

/* The files below net are each namespace's own, and unlike ns/net they tell of PID 1 without a capability. */
static bool is_other_network(int procfs)
{
	struct stat first, own;

	return fstatat(procfs, "1/net/dev", &first, 0) == 0 && fstatat(procfs, "thread-self/net/dev", &own, 0) == 0 &&
	       first.st_ino != own.st_ino;
}

/* Since proc_mkdir() counts links, these are what the root's link count has in addition to processes. */
static uint64_t count_folders(int procfs)
{
	int root = openat(procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = root < 0 ? NULL : fdopendir(root);
	const struct dirent *entry;
	uint64_t count = 0;
	uint32_t pid;

	if (!directory) {
		if (root >= 0)
			close(root);
		return 0;
	}
	while ((entry = readdir(directory)) != NULL)
		count += entry->d_type == DT_DIR && !parse_pid(entry->d_name, &pid);
	closedir(directory);
	return count;
}

void visibility_find(struct visibility *visibility, int procfs)
{
	uint64_t clock = namespace_of(procfs, "self/ns/time", "time");

	visibility->whole_host = is_own(procfs) ? namespace_of(procfs, "self/ns/pid", "pid") == INITIAL_PID_NAMESPACE
	                                        : has_kernel_threads(procfs);
	visibility->other_network = is_other_network(procfs);
	visibility->other_clock = clock != 0 && clock != INITIAL_TIME_NAMESPACE;
	visibility->folders = count_folders(procfs);
}

const struct platform_limit *visibility_limit(const struct visibility *visibility,
                                              const struct platform_options *options)
{
	static const struct platform_limit processes = {
	        "only processes of one PID namespace are seen, owners of other sockets are \"(unknown)\"",
	        "run with --pid=host (Kubernetes: hostPID: true), or with --path.procfs for the host's procfs"};
	static const struct platform_limit network = {
	        "only sockets of the exporter's own network namespace are read, which is not that of PID 1",
	        "run with --net=host (Kubernetes: hostNetwork: true), or with --collector.netns=all"};

	if (!visibility->whole_host)
		return &processes;
	return visibility->other_network && !options->all_netns ? &network : NULL;
}

static uint64_t count_listed(int procfs, struct dirents *dirents)
{
	const char *name;
	uint64_t count = 0;
	uint32_t pid;

	if (lseek(procfs, 0, SEEK_SET) < 0)
		return 0;
	dirents_begin(dirents, procfs);
	while (dirents_next(dirents, &name) > 0)
		count += parse_pid(name, &pid);
	return count;
}

/* The root's link count tells of every process on the host, whichever PID namespace it is of (proc_root_getattr() in
 * fs/proc/root.c). The option hidepid hides PID 1 from whoever it hides anything from. */
uint64_t visibility_count_hidden(const struct visibility *visibility, int procfs, struct dirents *dirents)
{
	struct stat root;
	uint64_t listed;

	if (visibility->whole_host && faccessat(procfs, "1/stat", F_OK, 0) == 0)
		return 0;
	listed = count_listed(procfs, dirents) + visibility->folders + 2; /* its own "." and its parent's entry */
	return fstat(procfs, &root) == 0 && root.st_nlink > listed ? root.st_nlink - listed : 1;
}

static bool is_called(const char *comm, size_t length, const char *name)
{
	return length == strlen(name) && memcmp(comm, name, length) == 0;
}

bool visibility_is_init(const struct visibility *visibility, uint32_t pid, bool first, const char *comm, size_t length)
{
	if (visibility->whole_host && pid == 1)
		return true;
	return first && (is_called(comm, length, "systemd") || is_called(comm, length, "init"));
}
