/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF program that goes through the open files of every process: loaded once, run once a walk.
 * It sees the processes of the calling thread's PID namespace, and needs CAP_BPF and CAP_PERFMON.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_ITERATOR_H
#define EXPORTER_PLATFORM_LINUX_BPF_ITERATOR_H

#include "exporter/platform/linux/bpf/task_file.h"
#include "exporter/platform/platform.h"

struct task_file_bpf;

struct bpf_iterator {
	struct task_file_bpf *program;
	struct bpf_link *link;
};

struct bpf_iterator_options {
	bool all_netns; /* sockets of every network namespace, not only of the calling thread's */
	bool by_helper; /* use the program for kernels before Linux 6.2, for a test */
};

/* Gets the window each time it has rows, and how many; 0, or -errno to give up. */
struct bpf_iterator_sink {
	int (*rows)(void *data, const struct task_file_window *window, uint32_t count);
	void *data;
};

/* Loads and attaches the program. 0, or -errno with *error filled: -EPERM (a capability is missing), -ENOENT (the
 * kernel has no BTF), -ENOMEM, others of bpf(2). */
int bpf_iterator_init(struct bpf_iterator *iterator, const struct bpf_iterator_options *options,
                      struct platform_error *error) MUST_CHECK;
/* Nothing to do for one that is all zeros. */
/* Whether a walk can be begun, now that the program is loaded. */
bool bpf_iterator_can_walk(const struct bpf_iterator *iterator);
void bpf_iterator_release(struct bpf_iterator *iterator);

/*
 * Makes one walk. Every row that the program saw has gone to `sink` when it returns 0; else -errno with
 * *error filled: -EIO (rows were lost), -ETIMEDOUT, -ECANCELED, the sink's own, others of bpf(2) and read(2).
 */
int bpf_iterator_walk(struct bpf_iterator *iterator, struct patience *patience, const struct bpf_iterator_sink *sink,
                      struct platform_error *error) MUST_CHECK;

/* net.ipv4.tcp_keepalive_time in jiffies, as of the last walk. */
uint32_t bpf_iterator_keepalive_jiffies(const struct bpf_iterator *iterator);

#endif
