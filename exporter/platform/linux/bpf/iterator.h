/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF iterators: one walks over the open files of every process, one over the kernel's hash tables of TCP sockets.
 * The exporter loads them once and runs them once per scrape. They see the processes of the calling thread's PID
 * namespace, and the sockets of its network namespace or of all. They need CAP_BPF and CAP_PERFMON.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_ITERATOR_H
#define EXPORTER_PLATFORM_LINUX_BPF_ITERATOR_H

#include "exporter/platform/linux/bpf/programs/window.h"
#include "exporter/platform/platform.h"

struct programs_bpf;

/* Variants of the programs, from the newest kernels to the oldest. */
enum bpf_variant {
	BPF_DIRECTLY,    /* Linux 6.2 and later: programs read the kernel's objects directly */
	BPF_BY_HELPER,   /* Linux 6.1: they read by helpers */
	BPF_FILES_ALONE, /* Linux 5.12 and later: the same, and no walk over tables */
	BPF_UNORDERED,   /* Linux 5.8 and later: the same, and loads are not ordered */
	BPF_VARIANT_COUNT,
};

struct bpf_iterator {
	struct programs_bpf *programs;
	struct bpf_link *files;
	struct bpf_link *tables;  /* NULL before Linux 6.1 */
	struct bpf_link *closes;  /* NULL unless options.closed_owners */
	enum bpf_variant variant; /* that was loaded */
};

struct bpf_iterator_options {
	bool all_netns;           /* sockets of every network namespace, not only of the calling thread's */
	bool closed_owners;       /* note which process closes a connection, from now on */
	enum bpf_variant variant; /* the first to try, for a test; later ones follow */
	const char *btf;          /* instead of the running kernel's types, for a test; NULL: those */
	void (*last_words)(const char *words); /* of libbpf, if the programs do not load; NULL: nobody wants them */
};

struct bpf_iterator_sink {
	/* Receives the window's rows and tasks. Returns 0, or -errno to end the walk. */
	int (*rows)(void *data, const struct window *window);
	/* Keeps, in place, the candidates whose rows are wanted, and returns their number. NULL for a walk over files.
	 */
	uint32_t (*choose)(void *data, __u64 *candidates, uint32_t count);
	void *data;
};

/* Loads and attaches the programs. Returns 0, or -errno with *error filled: -EPERM (a capability is missing), -ENOENT
 * (the kernel has no BTF), -ENOTSUP (a 32-bit kernel), -ENOMEM, others of bpf(2). */
int bpf_iterator_init(struct bpf_iterator *iterator, const struct bpf_iterator_options *options,
                      struct platform_error *error) MUST_CHECK;
/* Releases the programs. Does nothing if *iterator is all zeros. */
void bpf_iterator_release(struct bpf_iterator *iterator);

/* Returns true if a walk can start with the capabilities that are effective now. */
bool bpf_iterator_can_walk(const struct bpf_iterator *iterator);
/* Returns true if the kernel lets its tables be walked: Linux 6.1 and later. */
bool bpf_iterator_has_tables(const struct bpf_iterator *iterator);

/*
 * Walks over the processes' files. Returns 0 when `sink` has received every row that the program saw, or -errno with
 * *error filled: -EIO (rows were lost), -ETIMEDOUT, -ECANCELED, the sink's own, others of bpf(2) and read(2).
 */
int bpf_iterator_walk_files(struct bpf_iterator *iterator, struct deadline *deadline,
                            const struct bpf_iterator_sink *sink, struct platform_error *error) MUST_CHECK;

struct bpf_table_request {
	uint32_t timewait_jiffies; /* the life of a timewait minisocket; 0: not known */
	bool no_candidates;        /* report minisockets and orphaned sockets only */
};

/*
 * Walks over the kernel's tables of connections and of listeners. The rows have no task, except those with ROW_CLOSED.
 * Minisockets and orphaned
 * sockets become rows; of the other sockets, those become rows that sink->choose() keeps. Call after
 * bpf_iterator_walk_files() returned 0. Returns 0, or -errno as that function, or -ENOTSUP: the kernel's tables cannot
 * be walked, and `sink` may have received some rows.
 */
int bpf_iterator_walk_tables(struct bpf_iterator *iterator, const struct bpf_table_request *request,
                             struct deadline *deadline, const struct bpf_iterator_sink *sink,
                             struct platform_error *error) MUST_CHECK;

/* Looks up who closed a connection, for a socket that is not from bpf_iterator_walk_tables(). Returns false if there is
 * no note. Needs options.closed_owners. */
bool bpf_iterator_find_closer(const struct bpf_iterator *iterator, const struct closed_key *key, struct closer *closer);

/* Returns the facts that the last walk over files noted. */
const struct walk_facts *bpf_iterator_facts(const struct bpf_iterator *iterator);

#endif
