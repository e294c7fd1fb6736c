/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unheld sockets: the sockets that the walk over files does not reach. No process holds a timewait minisocket, a
 * request socket, an orphaned socket or a connection in an accept queue. Some sockets have a holder that the walk
 * cannot see: a process of another PID namespace, the kernel itself, a descriptor in flight in a Unix socket, io_uring.
 *
 * A walk over the kernel's tables finds them for all network namespaces at once. Before Linux 6.1, and where the
 * tables cannot be walked, a sock_diag dump of each namespace finds them.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_UNHELD_SOCKETS_H
#define EXPORTER_PLATFORM_LINUX_BPF_UNHELD_SOCKETS_H

#include "exporter/platform/linux/bpf/closers.h"
#include "exporter/platform/linux/bpf/held_sockets.h"
#include "exporter/platform/linux/bpf/iterator.h"
#include "exporter/platform/linux/netlink/sock_diag.h"
#include "exporter/platform/linux/procfs/file.h"

/* The kernel's counts in a network namespace. */
struct socket_counts {
	uint64_t in_use;    /* sockets in its tables, except minisockets and request sockets: sockstat */
	uint64_t time_wait; /* minisockets: sockstat */
	uint64_t opened;    /* connections that were opened, since the namespace exists: snmp */
};

struct unheld_sockets {
	struct sock_diag diag;
	int procfs; /* open directory, not owned */
	struct held_sockets *held;
	struct bpf_iterator *iterator;
	struct dirents dirents;
	struct closers closers;
	struct socket_counts before; /* read before the walk over files */
	bool has_before;
	uint64_t listeners;     /* their fingerprint at the last read */
	bool owners_unknown;    /* a socket with an inode has a holder that the exporter cannot see */
	uint64_t unknown_count; /* such sockets in the last read */

	/* The current read. */
	struct deadline *deadline;
	struct platform_error *error;
	size_t first_row; /* of the walk over tables, or of the dump of one namespace */
	uint32_t netns;   /* the namespace of the current dump, by index */
	uint64_t *dumped; /* namespaces that were dumped, by inode number */
	size_t dumped_count, dumped_capacity;
};

/* Prepares *unheld. The caller may load the iterator later. Returns 0 or -ENOMEM. */
int unheld_sockets_init(struct unheld_sockets *unheld, int procfs, struct held_sockets *held,
                        struct bpf_iterator *iterator) MUST_CHECK;
void unheld_sockets_release(struct unheld_sockets *unheld);

/* Reads the kernel's counts. Call before the walk over files. */
void unheld_sockets_begin(struct unheld_sockets *unheld);
/* Appends the unheld sockets to the snapshot of `held`. Call after the walk over files. Returns 0, or -errno with
 * *error filled. */
int unheld_sockets_read(struct unheld_sockets *unheld, struct deadline *deadline,
                        struct platform_error *error) MUST_CHECK;

enum unheld_kind { UNHELD_NONE, UNHELD_MINISOCKETS, UNHELD_ANY };
/* Returns which unheld sockets a namespace may have, request sockets aside. `held` is the number of its sockets that a
 * walk over files has found between the two counts. `same_listeners`: no listener was opened between the counts, which
 * do not count opened listeners. */
enum unheld_kind unheld_sockets_expected(const struct socket_counts *before, const struct socket_counts *after,
                                         uint64_t held, bool same_listeners);

#endif
