/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor walk: finds the holders of sockets. It reads the descriptors of every process, the oldest first, so the
 * first holder that it finds owns the socket. An init (process_is_init()) comes last: with socket activation it
 * holds its services' listeners too.
 */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_FD_WALK_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_FD_WALK_H

#include "exporter/platform/linux/procfs/inode_index.h"
#include "exporter/platform/linux/procfs/process_list.h"
#include "exporter/platform/linux/procfs/process_text.h"

struct fd_walk {
	int procfs; /* open directory, not owned */
	const struct platform_options *options;
	uint64_t own_pid_namespace; /* 0: not known */
	struct process_list processes;
	struct process_list last; /* the inits, put off to the end */
	struct process_texts texts;
	struct dirents dirents;

	/* The current walk. */
	struct snapshot *snapshot;
	struct inode_index *inodes;
	struct deadline *deadline;
	bool whole; /* also find second holders, after every socket has an owner */
};

void fd_walk_init(struct fd_walk *walk, int procfs, const struct platform_options *options);
void fd_walk_release(struct fd_walk *walk);

/*
 * Gives every row in `inodes` that some process holds its owner, and adds those processes to the snapshot. Counts
 * the processes whose files it cannot read in snapshot->unreadable_processes. Without WANT_SHARED it stops when
 * every row has an owner. Returns 0, or -errno with *error filled.
 */
int fd_walk_run(struct fd_walk *walk, struct snapshot *snapshot, struct inode_index *inodes, struct deadline *deadline,
                struct platform_error *error) MUST_CHECK;

#endif
