/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host a procfs shows, and what follows from it for both backends. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_VISIBILITY_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_VISIBILITY_H

#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/platform.h"

struct visibility {
	bool whole_host;    /* procfs is of the initial PID namespace, which every process is in */
	bool other_network; /* the exporter's network namespace is not that of PID 1 */
	bool other_clock;   /* processes' start times in procfs are shifted (time_namespaces(7)) */
	uint64_t folders;   /* of procfs that are not processes */
};

void visibility_find(struct visibility *visibility, int procfs);

/* Returns what keeps reads from the whole picture, or NULL. */
const struct platform_limit *visibility_limit(const struct visibility *visibility,
                                              const struct platform_options *options);

/* Returns the number of processes on the host that procfs does not list, at least 1 if it hides any; kernel threads are
 * among them. `dirents` is used meanwhile. */
uint64_t visibility_count_hidden(const struct visibility *visibility, int procfs, struct dirents *dirents);

/*
 * Returns true if the process is an init, which owns only what no other process holds. PID 1 yields where it is an
 * init: PID 1 of the host, and in a nested PID namespace a PID 1 that is called "systemd" or "init". Any other PID 1 of
 * a container is the service itself and owns by age. `pid` is the process in procfs, `first`: it is PID 1 of its own
 * PID namespace.
 */
bool visibility_is_init(const struct visibility *visibility, uint32_t pid, bool first, const char *comm, size_t length);

#endif
