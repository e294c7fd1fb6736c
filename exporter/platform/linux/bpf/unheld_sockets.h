/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unheld sockets: those that the walk over files has not reached. No process holds a timewait minisocket, a request
 * socket, an orphaned socket or a connection in an accept queue. Other sockets have a holder that the walk cannot see:
 * a process of another PID namespace, the kernel itself, a descriptor in flight through a Unix socket, io_uring.
 *
 * They come from the kernel's tables of sockets, for all network namespaces at once. Before Linux 6.1, and where the
 * tables cannot be walked, they come from a sock_diag dump of each namespace.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_UNHELD_SOCKETS_H
#define EXPORTER_PLATFORM_LINUX_BPF_UNHELD_SOCKETS_H

#include "exporter/platform/linux/bpf/held_sockets.h"
#include "exporter/platform/linux/bpf/iterator.h"
#include "exporter/platform/linux/netlink/sock_diag.h"
#include "exporter/platform/linux/procfs/file.h"

/* What the kernel counts in a network namespace. */
struct socket_counts {
	uint64_t in_use;    /* sockets in its tables, minisockets and request sockets aside: sockstat */
	uint64_t time_wait; /* minisockets: sockstat */
	uint64_t opened;    /* connections since it exists: snmp */
};

struct unheld_sockets {
	struct sock_diag diag;
	int procfs; /* open directory, not owned */
	struct held_sockets *held;
	struct bpf_iterator *iterator;
	struct dirents dirents;
	struct socket_counts before; /* the walk over files */
	bool has_before;
	bool owners_unknown;    /* a socket with an inode has a holder that cannot be seen */
	uint64_t unknown_count; /* of the last read: such sockets */

	/* Of the current read. */
	struct deadline *deadline;
	struct platform_error *error;
	size_t first_row; /* of the walk over tables, or of the dump of one namespace */
	uint32_t netns;   /* that is dumped, by index */
	uint64_t *dumped; /* namespaces by inode number */
	size_t dumped_count, dumped_capacity;
};

/* 0 or -ENOMEM. The iterator may be loaded later. */
int unheld_sockets_init(struct unheld_sockets *unheld, int procfs, struct held_sockets *held,
                        struct bpf_iterator *iterator) MUST_CHECK;
void unheld_sockets_release(struct unheld_sockets *unheld);

/* Call before the walk over files. */
void unheld_sockets_begin(struct unheld_sockets *unheld);
/* Appends them to the snapshot of `held`. Call after the walk over files. 0 or -errno with *error filled. */
int unheld_sockets_read(struct unheld_sockets *unheld, struct deadline *deadline,
                        struct platform_error *error) MUST_CHECK;

/* What there may be in a namespace of which a walk over files has found `held` sockets, besides request sockets. */
enum unheld_kind { UNHELD_NONE, UNHELD_MINISOCKETS, UNHELD_ANY };
enum unheld_kind unheld_sockets_expected(const struct socket_counts *before, const struct socket_counts *after,
                                         uint64_t held);

#endif
