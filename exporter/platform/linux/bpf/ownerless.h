/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets of a network namespace that the walk of the processes' files did not meet: those that no
 * process holds (TIME_WAIT, handshakes, orphans, connections that wait to be accepted), and those that
 * have a holder which the walk cannot see (another PID namespace, the kernel itself, a descriptor on its
 * way through a Unix socket).
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_OWNERLESS_H
#define EXPORTER_PLATFORM_LINUX_BPF_OWNERLESS_H

#include "exporter/platform/linux/bpf/held_sockets.h"
#include "exporter/platform/linux/bpf/iterator.h"
#include "exporter/platform/linux/bpf/unmet.h"
#include "exporter/platform/linux/netlink/sock_diag.h"

struct netns_ids {
	uint64_t *ids;
	size_t count, capacity;
};

struct ownerless {
	struct sock_diag diag;
	int procfs; /* open directory, not owned */
	struct held_sockets *held;
	struct bpf_iterator *iterator;
	bool indexed;            /* held->index is by connection */
	struct port_set waiting; /* ports of listeners with connections to accept */
	uint16_t ports[SOCK_DIAG_PORTS_MAX + 1];
	size_t port_count;          /* more than SOCK_DIAG_PORTS_MAX: not all are in `ports` */
	struct unmet unmet;         /* of our own namespace */
	struct unmet_counts before; /* the walk, in it */
	bool has_before;
	/* Other namespaces in which a dump has found a socket that was not met and that has some holder: in the last
	 * scrape, and in this one. As long as it finds some, each scrape makes one. */
	struct netns_ids hidden_before, hidden;

	/* The dump that goes on. */
	uint32_t netns;
	bool without_inode_only;
	bool of_all;
	size_t unmet_count; /* sockets with some holder that it has found */
	size_t first_row;
	uint64_t first_counted;
};

/* 0 or -ENOMEM. The iterator may be loaded later. */
int ownerless_init(struct ownerless *ownerless, int procfs, struct held_sockets *held,
                   struct bpf_iterator *iterator) MUST_CHECK;
void ownerless_release(struct ownerless *ownerless);

/* Before the walk, in our own namespace, which is to be the first that is read. */
void ownerless_begin(struct ownerless *ownerless);

/*
 * Whether the namespace of process `process`, a directory in procfs, has any: 0 if not, 1 if it has or
 * may have. `netns` is its index in the snapshot, or beyond if no socket of it was met.
 */
int ownerless_expected(const struct ownerless *ownerless, uint32_t netns, const char *process);

/* Appends those of the calling thread's network namespace, `netns` in the snapshot. 0 or -errno with *error filled. */
int ownerless_read(struct ownerless *ownerless, uint32_t netns, struct patience *patience,
                   struct platform_error *error) MUST_CHECK;

#endif
