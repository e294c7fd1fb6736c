/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of work that a probe opens once and then runs repeatedly. A new floor or tool needs a kind here and a row in
 * tests/bench/parties.py.
 */
#ifndef TESTS_BENCH_PROBE_H
#define TESTS_BENCH_PROBE_H

#include <stdint.h>

struct probe_sample {
	uint64_t count;  /* rows, links or bytes, as evidence of the work */
	uint64_t cpu_ns; /* CPU time, set only by kinds with `own_cpu` */
};

struct probe_kind {
	const char *name, *arguments;
	int argument_count; /* -1: one or more */
	int own_cpu;        /* run() sets cpu_ns; otherwise the probe's own CPU time counts */
	/* Returns the state that run() keeps between runs, or NULL with errno set. */
	void *(*open)(char **arguments);
	/* Returns 0, or -1 with errno set; ETIME after the time limit. */
	int (*run)(void *state, struct probe_sample *sample);
	void (*close)(void *state);
};

/* Bare sock_diag dump, which only counts rows: in two walks of the kernel's table (IPv4, then IPv6), or in one walk
 * for both families. */
extern const struct probe_kind probe_dump, probe_dump_one_walk;
/* Bare walk of every process's descriptors: getdents64 and readlinkat, counts the sockets. */
extern const struct probe_kind probe_walk;
/* The BPF backend's walk of every process's descriptors: counts the rows of TCP sockets. */
extern const struct probe_kind probe_bpf_walk;
/* HTTP GET on a kept connection. */
extern const struct probe_kind probe_get;
/* A command with its output to /dev/null, for at most two minutes. */
extern const struct probe_kind probe_exec;

#endif
