/* SPDX-License-Identifier: Apache-2.0 */
/* Process list: the processes of a host, the oldest first. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_LIST_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_LIST_H

#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/platform.h"

struct process_entry {
	uint64_t start; /* clock ticks after boot */
	uint32_t pid;
	bool leader_gone; /* the main thread has exited and others live: a thread's directory has the files */
};

struct process_list {
	struct process_entry *items;
	size_t count, capacity;
	uint64_t denied; /* processes that the exporter must not look at (hidepid=1) */
};

/*
 * Returns true if a process that is PID 1 of its PID namespace is an init. An init yields to every other holder: PID 1
 * of the host, and a container's PID 1 if its name is `systemd` or `init`. Every other PID 1 owns by age, like all
 * processes. `nested`: the namespace is not the initial one.
 */
bool process_is_init(bool nested, const char *comm, size_t length);

void process_list_init(struct process_list *list);
void process_list_release(struct process_list *list);

/*
 * Lists the processes that can hold files (no kernel threads, no zombies) by start time, then process id. `procfs`
 * is an open directory. Uses `dirents`. Leaves out processes that end. Returns 0, or -errno with *error filled.
 */
int process_list_read(struct process_list *list, int procfs, struct dirents *dirents, struct deadline *deadline,
                      struct platform_error *error) MUST_CHECK;

#endif
