/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the rows of the BPF iterator to the snapshot: each socket once, with the oldest of its holders;
 * a process that is PID 1 of its PID namespace owns only what nobody else holds.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_HELD_SOCKETS_H
#define EXPORTER_PLATFORM_LINUX_BPF_HELD_SOCKETS_H

#include "exporter/platform/linux/bpf/programs/window.h"
#include "exporter/platform/linux/bpf/socket_index.h"
#include "exporter/platform/platform.h"

/* What is known of the network namespace of the same index in the snapshot. */
struct held_netns {
	uint64_t counted; /* rows, those in SYN_RECV and the kernel's small stand-ins of closed sockets left out */
	bool requests;    /* some listener has handshakes that are not complete */
	bool visited;
};

struct held_sockets {
	struct socket_index index;
	uint8_t *inits; /* by process: it is PID 1 */
	size_t init_capacity;
	struct held_netns *netns;
	size_t netns_known, netns_capacity;
	uint32_t *waiting; /* rows of listeners with connections to accept; perhaps several times */
	size_t waiting_count, waiting_capacity;
	uint64_t shared; /* sockets with several holders */
	unsigned hz;     /* jiffies in a second; 0: not known */

	/* The walk that goes on. */
	const struct platform_options *options;
	struct snapshot *snapshot;
	uint32_t last_inode; /* of the namespace last_netns */
	uint32_t last_netns;
	uint32_t tasks[WINDOW_ROWS]; /* processes by index in the window; UINT32_MAX: not met yet */
};

void held_sockets_init(struct held_sockets *held, const struct platform_options *options);
void held_sockets_release(struct held_sockets *held);

/* Forgets the last snapshot; the next is `snapshot`, with our own namespace in it. 0 or -ENOMEM. */
int held_sockets_begin(struct held_sockets *held, struct snapshot *snapshot) MUST_CHECK;
/* A consumer for bpf_iterator_walk(); data is a struct held_sockets. 0 or -errno. */
int held_sockets_add(void *data, const struct window *window, uint32_t count) MUST_CHECK;
/* Fills a zeroed row of the snapshot, but for the owner and what only listeners have. `netns` is an index. 0 or
 * -ENOMEM. */
int held_sockets_fill(struct held_sockets *held, const struct window_row *row, uint32_t netns,
                      struct snapshot_socket *socket) MUST_CHECK;
/* What the row's socket is checked by in the index. */
uint32_t held_sockets_check(const struct held_sockets *held, const struct window_row *row);
/* Makes room for what is known of every namespace in the snapshot. 0 or -ENOMEM. */
int held_sockets_know_netns(struct held_sockets *held) MUST_CHECK;

#endif
