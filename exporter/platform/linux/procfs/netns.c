/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces: finds and enters them. */
#include "exporter/platform/linux/procfs/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exporter/platform/linux/procfs/parse.h"

/* "net:[4026531840]". */
#define LINK_SIZE 64
/* ip_local_reserved_ports can list 65536 ports. Real lists are short. */
#define RESERVED_SIZE 16384

uint64_t netns_current_id(int procfs)
{
	char link[LINK_SIZE];
	uint64_t id = 0;
	long length = read_link_at(procfs, "thread-self/ns/net", link, sizeof(link));

	if (length <= 0 || !parse_ns_link(link, (size_t)length, "net", &id))
		return 0;
	return id;
}

/* /proc/sys/net shows the settings of the namespace of the thread that reads it. */
int netns_add_current(int procfs, uint64_t id, struct snapshot *snapshot, uint32_t *index)
{
	struct snapshot_netns netns = {.id = id, .ephemeral_low = 1, .ephemeral_high = 0};
	char bytes[RESERVED_SIZE];
	long length = read_file_at(procfs, "sys/net/ipv4/ip_local_port_range", bytes, sizeof(bytes));

	if (length > 0 && !parse_port_range(bytes, (size_t)length, &netns.ephemeral_low, &netns.ephemeral_high))
		netns.ephemeral_low = 1, netns.ephemeral_high = 0;
	if (snapshot->netns_count == 0) {
		length = read_file_at(procfs, "sys/net/ipv4/ip_local_reserved_ports", bytes, sizeof(bytes));
		if (length > 0 && !parse_reserved_ports(bytes, (size_t)length, &snapshot->reserved))
			snapshot->reserved = (struct port_set){0};
	}
	return snapshot_add_netns(snapshot, &netns, index);
}

uint32_t netns_find(const struct snapshot *snapshot, uint64_t id)
{
	uint32_t index = 0;

	while (index < snapshot->netns_count && snapshot->netns[index].id != id)
		index++;
	return index;
}

/* Enters the namespace at `path`. Returns -ENOENT if it is gone. */
static int enter(int procfs, const char *path)
{
	int fd = openat(procfs, path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return is_gone(-errno) ? -ENOENT : -errno;
	result = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	close(fd);
	return result;
}

struct visit {
	int procfs;
	uint64_t own; /* the namespace that the thread returns to */
	bool left;    /* the thread has left it */
	const struct netns_visitor *visitor;
	struct deadline *deadline;
	struct platform_error *error;
};

/* Reads the link of a process's namespace: its main thread's, or another thread's if the main thread has ended. */
static long read_link(int procfs, uint32_t pid, char *path, size_t path_size, char *link, size_t link_size)
{
	char name[16];
	uint32_t tid;
	long length;
	int process, result;

	snprintf(path, path_size, "%u/ns/net", pid);
	length = read_link_at(procfs, path, link, link_size);
	if (length != -ENOENT)
		return length;
	snprintf(name, sizeof(name), "%u", pid);
	process = openat(procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return -errno;
	result = procfs_other_thread(process, pid, &tid);
	close(process);
	if (result != 0)
		return result;
	snprintf(path, path_size, "%u/task/%u/ns/net", pid, tid);
	return read_link_at(procfs, path, link, link_size);
}

/* Visits the namespace of process `pid`, `name` in procfs, if it is wanted. Does not return to the own namespace. */
static int visit_namespace_of(struct visit *visit, uint32_t pid, const char *name)
{
	const struct netns_visitor *visitor = visit->visitor;
	char path[48], link[LINK_SIZE];
	uint64_t id, entered;
	long length = read_link(visit->procfs, pid, path, sizeof(path), link, sizeof(link));
	int result;

	if (length < 0)
		return is_gone(length) || is_denied(length) ? 0 : (int)length;
	if (!parse_ns_link(link, (size_t)length, "net", &id) || id == visit->own)
		return 0;
	result = visitor->wanted(visitor->data, id, name);
	if (result <= 0)
		return result;
	result = enter(visit->procfs, path);
	if (result == -ENOENT)
		return 0;
	if (result != 0) {
		platform_error_set(visit->error, "cannot enter the network namespace of process %.10s: %s", name,
		                   strerror(-result));
		return result;
	}
	visit->left = true;
	/* The process can have moved to another namespace since its link was read. */
	entered = netns_current_id(visit->procfs);
	if (entered != id)
		result = entered == visit->own ? 0 : visitor->wanted(visitor->data, entered, name);
	return entered == id || result > 0 ? visitor->visit(visitor->data, entered) : result;
}

static int visit_others(struct visit *visit, struct dirents *dirents)
{
	const char *name;
	uint32_t pid;
	int result = 0;

	if (lseek(visit->procfs, 0, SEEK_SET) < 0)
		return -errno;
	dirents_begin(dirents, visit->procfs);
	while (result == 0 && (result = dirents_next(dirents, &name)) > 0) {
		result = 0;
		if (!parse_pid(name, &pid))
			continue;
		result = deadline_check(visit->deadline);
		if (result == 0)
			result = visit_namespace_of(visit, pid, name);
	}
	return result;
}

static int leave_and_return(int procfs, struct dirents *dirents, const struct netns_visitor *visitor,
                            struct deadline *deadline, struct platform_error *error)
{
	struct visit visit = {.procfs = procfs, .visitor = visitor, .deadline = deadline, .error = error};
	int own = openat(procfs, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int result;

	error->text[0] = '\0';
	if (own < 0) {
		result = -errno;
	} else {
		visit.own = netns_current_id(procfs);
		result = visit_others(&visit, dirents);
		/* A thread that stays in another namespace would report that namespace's sockets as the host's. */
		if (visit.left && setns(own, CLONE_NEWNET) < 0 && result == 0)
			result = -errno;
		close(own);
	}
	if (result != 0 && error->text[0] == '\0')
		platform_error_set(error, "cannot visit the network namespaces: %s", strerror(-result));
	return result;
}

int netns_visit(int procfs, struct dirents *dirents, const struct netns_scope *scope,
                const struct netns_visitor *visitor, struct deadline *deadline, struct platform_error *error)
{
	int result;

	if (scope->others && netns_current_id(procfs) != scope->own) {
		platform_error_set(
		        error, "cannot read the sockets: an earlier read could not return to its network namespace");
		return -EXDEV;
	}
	result = visitor->visit(visitor->data, scope->own);
	if (result == 0 && scope->others)
		result = leave_and_return(procfs, dirents, visitor, deadline, error);
	return result;
}
