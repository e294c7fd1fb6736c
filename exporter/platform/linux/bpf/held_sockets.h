/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held sockets: turns rows of the BPF walk over files into rows of the snapshot. Each socket has one row, and its
 * oldest holder owns it. An init (process_is_init()) yields to any other holder.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_HELD_SOCKETS_H
#define EXPORTER_PLATFORM_LINUX_BPF_HELD_SOCKETS_H

#include "exporter/platform/linux/bpf/programs/window.h"
#include "exporter/platform/linux/bpf/socket_index.h"
#include "exporter/platform/platform.h"

/* A descriptor table that several processes share. claims[first..first + count) are the rows of its sockets. */
struct shared_table {
	uint64_t files;
	size_t first, count;
};

struct held_sockets {
	struct socket_index index;
	uint8_t *inits; /* by process: it is an init */
	size_t init_capacity;
	uint64_t shared;    /* sockets with several holders */
	uint64_t own;       /* rows of the first namespace that sockstat counts: all but those in SYN_RECV */
	uint64_t listeners; /* fingerprint of the first namespace's listeners: equal sets have equal fingerprints */
	bool early;         /* the walk reached a thread's own table before its process's */
	bool requests;      /* a listener of the first namespace has request sockets */
	unsigned hz;        /* jiffies per second; 0: unknown */

	struct shared_table *tables;
	size_t table_count, table_capacity;
	uint32_t *claims;
	size_t claim_count, claim_capacity;

	/* The current walk. */
	const struct platform_options *options;
	struct snapshot *snapshot;
	uint32_t last_inode; /* of the namespace last_netns */
	uint32_t last_netns;
	uint32_t tasks[WINDOW_ROWS]; /* processes by index in the window; UINT32_MAX: not known yet */
};

void held_sockets_init(struct held_sockets *held, const struct platform_options *options);
void held_sockets_release(struct held_sockets *held);

/* Forgets the last snapshot and starts with `snapshot`, whose first namespace is the exporter's. Returns 0 or
 * -ENOMEM. */
int held_sockets_begin(struct held_sockets *held, struct snapshot *snapshot) MUST_CHECK;
/* Adds a window's rows. `data` is a struct held_sockets: bpf_iterator_walk_files() calls it. Returns 0 or -errno. */
int held_sockets_add(void *data, const struct window *window) MUST_CHECK;
/* Fills a zeroed row of the snapshot, except the owner. `netns` is an index. Returns 0 or -ENOMEM. */
int held_sockets_fill(struct held_sockets *held, const struct window_row *row, uint32_t netns,
                      struct snapshot_socket *socket) MUST_CHECK;
/* Finds or adds the row's network namespace in the snapshot. Returns 0 or -ENOMEM. */
int held_sockets_netns(struct held_sockets *held, const struct window_row *row, uint32_t *netns) MUST_CHECK;
/* Returns the row's check in the socket index. */
uint32_t held_sockets_check(const struct held_sockets *held, const struct window_row *row);

#endif
