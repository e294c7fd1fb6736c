/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusal: finds out why the BPF programs do not load. The kernel's own answer is mostly "Invalid argument" or
 * "Permission denied", whatever the cause. The last words of libbpf, which include those of the kernel's verifier, and
 * the state of the host tell more.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_REFUSAL_H
#define EXPORTER_PLATFORM_LINUX_BPF_REFUSAL_H

#include "exporter/platform/platform.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* The facts about a load that failed. */
struct bpf_refusal {
	int result;             /* -errno of the load */
	bool may_load;          /* the capabilities to load programs are effective, in the initial user namespace */
	bool is_rootless;       /* the exporter is in another user namespace, whose capabilities bpf(2) ignores */
	unsigned version[2];    /* of the kernel: major, minor; zeros: not known */
	int btf;                /* -errno of reading the kernel's types, or 0 */
	bool is_confidential;   /* the kernel is locked down in the mode "confidentiality" (kernel_lockdown(7)) */
	const char *last_words; /* of libbpf */
};

/* The last words of libbpf. The kernel's verifier gives its reason at the end of a long report. */
struct bpf_words {
	char text[1024];
};

/* Collects what libbpf says in the calling thread, until bpf_words_end(). */
void bpf_words_begin(struct bpf_words *words);
void bpf_words_end(void);

/* Gathers the facts on this host. `last_words` must outlive *refusal. */
void bpf_refusal_gather(struct bpf_refusal *refusal, int result, const char *last_words);
/* Writes the cause that the facts show. */
void bpf_refusal_describe(const struct bpf_refusal *refusal, struct platform_error *error);

#endif
