/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Chains: reads the buckets of one of the kernel's hash tables of TCP sockets and collects the heads of their chains.
 * The tables are the ehash (connections, timewait minisockets, request sockets) and lhash2 (listeners).
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_CHAINS_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_CHAINS_H

#include "exporter/platform/linux/bpf/programs/nets.h"

/* The end of a listener's chain is the bucket's number above this one (include/net/inet_hashtables.h). */
#define LISTENING_NULLS_BASE (1u << 29)

/* Buckets that are read together: so many that their chains make the processor wait for as much as it can at once. */
#define BUCKETS 256
/* Buckets that are looked at in one go. */
#define HEADS 64
/* The largest bucket: debugging kernels have large locks in it. */
#define STRIDE_MAX 128
/* Bytes of buckets that are read at once: BUCKETS of the usual 16 bytes. */
#define BUCKET_BYTES 4096

struct table_state table;

/* The chains of the buckets that were read. Addresses are of kernel objects. */
struct {
	__u64 heads[BUCKETS];
	__u64 nodes[BUCKETS];   /* where each has arrived */
	__u32 buckets[BUCKETS]; /* which bucket's it is */
	__u32 count, kept;

	/* The sock at each node. */
	__u64 next[BUCKETS], nets[BUCKETS];
	__u8 states[BUCKETS];

	__u64 found[WINDOW_ROWS]; /* minisockets and orphaned sockets */
	__u32 found_count;
	__u32 candidate_count; /* of them and those before */
	bool moved, overflow;
	bool unused[6]; /* for the same size on a processor of 32 bits */

	char bytes[BUCKET_BYTES + STRIDE_MAX];
} chains;

static __always_inline bool begin_table(void)
{
	struct inet_hashinfo *info = (struct inet_hashinfo *)table.hashinfo;

	if (table.of_listeners) {
		table.table = (__u64)BPF_CORE_READ(info, lhash2);
		table.mask = BPF_CORE_READ(info, lhash2_mask);
		table.stride = bpf_core_type_size(struct inet_listen_hashbucket);
		table.head = bpf_core_field_offset(struct inet_listen_hashbucket, nulls_head);
		table.end = LISTENING_NULLS_BASE;
	} else {
		table.table = (__u64)BPF_CORE_READ(info, ehash);
		table.mask = BPF_CORE_READ(info, ehash_mask);
		table.stride = bpf_core_type_size(struct inet_ehash_bucket);
		table.head = table.end = 0;
	}
	if (table.stride < sizeof(__u64) || table.stride > STRIDE_MAX || table.head > table.stride - sizeof(__u64))
		return false;
	table.most = BUCKET_BYTES / table.stride < BUCKETS ? BUCKET_BYTES / table.stride : BUCKETS;
	return table.table != 0;
}

/* Returns how many buckets are read next. */
static __always_inline __u32 bucket_count(void)
{
	__u32 left = table.mask - table.bucket + 1, most = table.most < BUCKETS ? table.most : BUCKETS;

	return left < most ? left : most;
}

static __always_inline bool is_end(__u64 node)
{
	return node & 1;
}

/* Returns true if there is nothing in any of a group's buckets: on a host with few connections most groups are empty.
 */
static __always_inline bool are_empty(__u32 first)
{
	const __u64 *heads = &chains.heads[first];
	__u64 a = 1, b = 1, c = 1, d = 1; /* in four, of which none waits for another */

	for (__u32 i = 0; i < HEADS; i += 4) {
		a &= heads[i];
		b &= heads[i + 1];
		c &= heads[i + 2];
		d &= heads[i + 3];
	}
	return a & b & c & d;
}

/* Notes the buckets that are not empty. A branch per bucket would be mispredicted often, so there is no branch. */
static long note_heads(__u32 group, void *data)
{
	__u32 first = group * HEADS, at = chains.count;

	(void)data;
	if (first > BUCKETS - HEADS || at > BUCKETS - HEADS || are_empty(first))
		return 0;
	for (__u32 i = 0; i < HEADS; i++) {
		__u64 head = chains.heads[first + i];

		/* Linux 6.1 does not see that the place is within bounds. */
		chains.nodes[at % BUCKETS] = head;
		chains.buckets[at % BUCKETS] = first + i;
		at += !is_end(head);
	}
	chains.count = at;
	return 0;
}

/* Copies the head out of a bucket that has a lock too. */
static long unpack_head(__u32 number, void *data)
{
	__u32 at = number * table.stride + table.head;

	(void)data;
	if (number >= BUCKETS || at > BUCKET_BYTES)
		return 1;
	chains.heads[number] = *(__u64 *)(chains.bytes + at);
	return 0;
}

static long clear_head(__u32 number, void *data)
{
	__u32 at = *(__u32 *)data + number;

	if (at >= BUCKETS)
		return 1;
	chains.heads[at] = 1;
	return 0;
}

static __always_inline bool read_heads(__u32 count)
{
	const char *first = (const char *)table.table + (__u64)table.bucket * table.stride;
	__u64 size = (__u64)count * table.stride;

	chains.count = chains.found_count = 0;
	chains.candidate_count = window.candidate_count;
	chains.moved = chains.overflow = false;
	barrier_var(size); /* the verifier has to see the comparisons that the compiler finds needless */
	if (table.stride == sizeof(chains.heads[0])) {
		if (size > sizeof(chains.heads) || bpf_probe_read_kernel(chains.heads, size, first) != 0)
			return false;
	} else {
		if (size > BUCKET_BYTES || bpf_probe_read_kernel(chains.bytes, size, first) != 0)
			return false;
		bpf_loop(count, unpack_head, NULL, 0);
	}
	if (count % HEADS != 0)
		bpf_loop(HEADS - count % HEADS, clear_head, &count, 0);
	bpf_loop((count + HEADS - 1) / HEADS, note_heads, NULL, 0);
	return true;
}

#endif
