/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of work that can be timed. Each is opened once and then run again and again. A new floor or peer needs a kind
 * here and a row in parties.py.
 */
#ifndef TESTS_BENCH_PROBE_H
#define TESTS_BENCH_PROBE_H

#include <stdint.h>

struct probe_sample {
	uint64_t count;  /* rows, links or bytes: what shows that the work was done */
	uint64_t cpu_ns; /* processor time, set only by kinds with `own_cpu` */
};

struct probe_kind {
	const char *name, *arguments;
	int argument_count; /* -1: one or more */
	int own_cpu;        /* run() sets cpu_ns; else it is this process's own time */
	/* The state that run() keeps from one run to the next, or NULL with errno set. */
	void *(*open)(char **arguments);
	/* Returns 0, or -1 with errno set: ETIME if it was stopped after its time limit. */
	int (*run)(void *state, struct probe_sample *sample);
	void (*close)(void *state);
};

/* Bare sock_diag dump: counts rows and looks at nothing else. In two walks of the kernel's table (IPv4, then IPv6) or
 * in one for both families. */
extern const struct probe_kind probe_dump, probe_dump_one_walk;
/* Bare walk of every process's descriptors: getdents64 and readlinkat, counts the sockets. */
extern const struct probe_kind probe_walk;
/* The BPF backend's walk of every process's descriptors: counts the rows of TCP sockets. */
extern const struct probe_kind probe_bpf_walk;
/* HTTP GET on a connection that is kept. */
extern const struct probe_kind probe_get;
/* A command, its output to /dev/null, for two minutes at most. */
extern const struct probe_kind probe_exec;

#endif
