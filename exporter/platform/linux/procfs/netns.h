/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces (network_namespaces(7)): which there are, entering them, and their port settings. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_NETNS_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_NETNS_H

#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/platform.h"

/* Reads ip_local_port_range, and for the first namespace ip_local_reserved_ports, of the calling
 * thread's namespace into the snapshot, as a new namespace `id`. 0 or -ENOMEM. */
int netns_add_current(int procfs, uint64_t id, struct snapshot *snapshot, uint32_t *index) MUST_CHECK;

/* The calling thread's own namespace; 0 if it cannot be told. */
uint64_t netns_current_id(int procfs);

struct netns_visitor {
	/* Whether to enter the namespace, in which process `process` (its directory in procfs) is. Asked for
	 * every process outside our own namespace. 0 or 1, or -errno to give up. */
	int (*wanted)(void *data, uint64_t id, const char *process);
	/* Called inside each namespace that was wanted; 0, or -errno to give up. */
	int (*visit)(void *data, uint64_t id);
	void *data;
};

struct netns_scope {
	uint64_t own; /* the exporter's own namespace, where reads begin and end */
	bool others;  /* the others that some process is in, too */
};

/*
 * Visits the exporter's own namespace, and then enters, one after the other, the wanted ones of the others, and
 * returns. Needs CAP_SYS_ADMIN to enter any. A namespace that ends meanwhile is left out. `dirents` is used meanwhile.
 * 0 or -errno with *error filled.
 */
int netns_visit(int procfs, struct dirents *dirents, const struct netns_scope *scope,
                const struct netns_visitor *visitor, struct deadline *deadline,
                struct platform_error *error) MUST_CHECK;

/* The namespace in the snapshot with this id; its netns_count if there is none. */
uint32_t netns_find(const struct snapshot *snapshot, uint64_t id);

#endif
