/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF programs: one goes through the open files of every process, one through the kernel's table of
 * connections. Loaded once, run once a walk. They see the processes of the calling thread's PID namespace and
 * the connections of its network namespace, and need CAP_BPF and CAP_PERFMON.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_ITERATOR_H
#define EXPORTER_PLATFORM_LINUX_BPF_ITERATOR_H

#include "exporter/platform/linux/bpf/programs/window.h"
#include "exporter/platform/platform.h"

struct programs_bpf;
struct port_set;

struct bpf_iterator {
	struct programs_bpf *programs;
	struct bpf_link *files;
	struct bpf_link *connections; /* NULL: not before Linux 6.2 */
};

struct bpf_iterator_options {
	bool all_netns; /* sockets of every network namespace, not only of the calling thread's */
	bool by_helper; /* use the program for kernels before Linux 6.2, for a test */
};

/* Which connections of the table are asked for, whatever their process. Bit N: the kernel's state N
 * (sk_state, which is TIME_WAIT of what it keeps of closed connections in FIN_WAIT2 as well, and NEW_SYN_RECV of
 * handshakes). */
struct bpf_iterator_request {
	unsigned ownerless_states;    /* only those that no process holds */
	unsigned port_states;         /* all at one of `ports` */
	const struct port_set *ports; /* local; NULL: none */
};

/* Gets the window each time it has rows, and how many; 0, or -errno to give up. */
struct bpf_iterator_sink {
	int (*rows)(void *data, const struct window *window, uint32_t count);
	void *data;
};

/* Loads and attaches the programs. 0, or -errno with *error filled: -EPERM (a capability is missing), -ENOENT (the
 * kernel has no BTF), -ENOMEM, others of bpf(2). */
int bpf_iterator_init(struct bpf_iterator *iterator, const struct bpf_iterator_options *options,
                      struct platform_error *error) MUST_CHECK;
/* Nothing to do for one that is all zeros. */
void bpf_iterator_release(struct bpf_iterator *iterator);

/* Whether a walk can be begun, now that the programs are loaded. */
bool bpf_iterator_can_walk(const struct bpf_iterator *iterator);

/*
 * Makes one walk over the processes' files. Every row that the program saw has gone to `sink` when it returns 0; else
 * -errno with *error filled: -EIO (rows were lost), -ETIMEDOUT, -ECANCELED, the sink's own, others of bpf(2) and
 * read(2).
 */
int bpf_iterator_walk(struct bpf_iterator *iterator, struct patience *patience, const struct bpf_iterator_sink *sink,
                      struct platform_error *error) MUST_CHECK;

/*
 * The same over the table of connections: rows without a task. Also -ENOTSUP, without a word: the kernel is older than
 * Linux 6.2 or its table does not let itself be read (chains that are too long); `sink` may have got some rows.
 */
int bpf_iterator_walk_connections(struct bpf_iterator *iterator, const struct bpf_iterator_request *request,
                                  struct patience *patience, const struct bpf_iterator_sink *sink,
                                  struct platform_error *error) MUST_CHECK;

/* net.ipv4.tcp_keepalive_time in jiffies, as of the last walk. */
uint32_t bpf_iterator_keepalive_jiffies(const struct bpf_iterator *iterator);

#endif
