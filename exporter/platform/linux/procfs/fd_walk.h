/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor walk: finds who holds which socket by a walk over the files of every process, the oldest first, so that
 * the first holder found is the owner. An init (process_is_init()) comes last: with socket activation it holds its
 * services' listeners too.
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

	/* The walk that goes on. */
	struct snapshot *snapshot;
	struct inode_index *inodes;
	struct deadline *deadline;
	bool whole; /* also look for second holders, once every socket has an owner */
};

void fd_walk_init(struct fd_walk *walk, int procfs, const struct platform_options *options);
void fd_walk_release(struct fd_walk *walk);

/*
 * Gives every row in `inodes` that some process holds its owner, and adds those processes to the
 * snapshot; counts the processes whose files may not be read in snapshot->unreadable_processes.
 * Without WANT_SHARED it stops as soon as every row has an owner. 0 or -errno with *error filled.
 */
int fd_walk_run(struct fd_walk *walk, struct snapshot *snapshot, struct inode_index *inodes, struct deadline *deadline,
                struct platform_error *error) MUST_CHECK;

#endif
