/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visibility: finds out if the exporter can see every process that may hold a socket. If it cannot, a socket without a
 * visible holder has an unknown owner instead of no owner.
 */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_VISIBILITY_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_VISIBILITY_H

#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/platform.h"

struct visibility {
	const struct platform_limit *limit; /* NULL: every process can be seen */
	int procfs;                         /* open directory, not owned */
	uint64_t other_links;               /* links of procfs's root directory that belong to no process */
};

/* The processes that a backend can see. */
enum visibility_source {
	VISIBLE_BY_PROCFS,    /* the processes that procfs shows */
	VISIBLE_BY_ITERATORS, /* the processes of the exporter's PID namespace */
};

/* Finds out what limits the view. `dirents` is used meanwhile. */
void visibility_init(struct visibility *visibility, int procfs, enum visibility_source source,
                     const struct platform_options *options, struct dirents *dirents);

/*
 * Returns how many processes the kernel has that procfs does not show, kernel threads among them, and at least 1. The
 * links of procfs's root directory count all processes (proc_root_getattr() in fs/proc/root.c). Needs a limit.
 */
uint64_t visibility_hidden_processes(const struct visibility *visibility, struct dirents *dirents);

#endif
