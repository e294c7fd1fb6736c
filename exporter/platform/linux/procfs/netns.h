/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces (network_namespaces(7)): lists and enters them, and reads their port settings. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_NETNS_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_NETNS_H

#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/platform.h"

/* Adds the calling thread's namespace to the snapshot as `id`, with ip_local_port_range and, for the first
 * namespace, ip_local_reserved_ports. Returns 0 or -ENOMEM. */
int netns_add_current(int procfs, uint64_t id, struct snapshot *snapshot, uint32_t *index) MUST_CHECK;

/* Returns the calling thread's namespace, or 0 if it cannot be read. */
uint64_t netns_current_id(int procfs);

struct netns_visitor {
	/* Returns 1 to enter the namespace of process `process` (its directory in procfs), 0 to pass over it, or
	 * -errno to end the visit. Called for every process outside the exporter's own namespace. */
	int (*wanted)(void *data, uint64_t id, const char *process);
	/* Called inside each wanted namespace. Returns 0, or -errno to end the visit. */
	int (*visit)(void *data, uint64_t id);
	void *data;
};

struct netns_scope {
	uint64_t own; /* the exporter's own namespace, where a visit begins and ends */
	bool others;  /* also the other namespaces that have a process */
};

/*
 * Visits the exporter's own namespace. Then enters the wanted ones of the other namespaces in turn, and returns.
 * Needs CAP_SYS_ADMIN to enter one. Leaves out a namespace that ends meanwhile. Uses `dirents`. Returns 0, or -errno
 * with *error filled.
 */
int netns_visit(int procfs, struct dirents *dirents, const struct netns_scope *scope,
                const struct netns_visitor *visitor, struct deadline *deadline,
                struct platform_error *error) MUST_CHECK;

/* Returns the index of the namespace in the snapshot, or netns_count if the snapshot does not have it. */
uint32_t netns_find(const struct snapshot *snapshot, uint64_t id);

#endif
