/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Table walk: an iterator over the kernel's hash tables of TCP sockets, the ehash (connections, timewait minisockets,
 * request sockets) and lhash2 (listeners). It finds the sockets that the walk over files does not reach. The iterator
 * is of tasks because the kernel has none for this: it is attached to one task, for which the program asks again until
 * it is through the table.
 *
 * Minisockets and orphaned sockets become rows at once. Every other sock is a candidate: its address goes to the
 * reader, which knows the socks of the walk over files. The reader keeps the candidates that it does not know, and the
 * program makes rows of them when it is called next.
 *
 * Chains are short and in no cache. So the chains of many buckets are followed together, a step each at a
 * time: the loads of one step do not depend on each other, so that the processor waits for many at once.
 *
 * No lock is taken. A sock that is freed meanwhile stays a sock, perhaps of another connection (SLAB_TYPESAFE_BY_RCU):
 * a chain that ends with another bucket's number went astray, and its buckets are read again.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TABLES_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TABLES_H

#include "exporter/platform/linux/bpf/programs/nets.h"

#define TCP_SYN_RECV     3
#define TCP_FIN_WAIT1    4
#define TCP_FIN_WAIT2    5
#define TCP_TIME_WAIT    6
#define TCP_LAST_ACK     9
#define TCP_CLOSING      11
#define TCP_NEW_SYN_RECV 12
/* A sock in these states may be orphaned: its process has closed it. */
#define CLOSING_STATES (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)
/* The end of a listener's chain is the bucket's number above this one (include/net/inet_hashtables.h). */
#define LISTENING_NULLS_BASE (1u << 29)

/* Buckets that are read together: so many that their chains make the processor wait for as much as it can at once. */
#define BUCKETS 256
/* Buckets that are looked at in one go. */
#define HEADS 64
/* Of a bucket with its lock. Debugging kernels have larger ones. */
#define STRIDE_MAX 128
/* Bytes of buckets that are read at once: BUCKETS of the usual 16 bytes. */
#define BUCKET_BYTES 4096
/* The kernel makes its table so large that chains of a dozen are rare. SO_REUSEPORT makes long chains of listeners. */
#define CHAIN_MAX (1 << 16)
/* Before the reader is woken to look at the clock. */
#define ROUNDS_OF_A_CALL 64
/* Connections move when they are closed, which happens now and then but not to the same few all the time. */
#define MOVES_MAX 64

struct table_state table;

/* The chains of the buckets that were read. Addresses are of kernel objects. */
struct {
	__u64 heads[BUCKETS];
	__u64 nodes[BUCKETS];   /* where each has arrived */
	__u32 buckets[BUCKETS]; /* which bucket's it is */
	__u32 count, kept;

	/* Of the sock there. */
	__u64 next[BUCKETS], nets[BUCKETS];
	__u8 states[BUCKETS];

	__u64 found[WINDOW_ROWS]; /* minisockets and orphaned sockets */
	__u32 found_count;
	__u32 candidate_count; /* of them and those before */
	bool moved, overflow;

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

/* Returns true if there is nothing in any of a group's buckets: on a host with few connections most groups are empty. */
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

/* Notes the buckets that are not empty. Without a branch for each: nobody can foretell which they are. */
static long note_heads(__u32 group, void *data)
{
	__u32 first = group * HEADS, at = chains.count;

	(void)data;
	if (first > BUCKETS - HEADS || at > BUCKETS - HEADS || are_empty(first))
		return 0;
	for (__u32 i = 0; i < HEADS; i++) {
		__u64 head = chains.heads[first + i];

		chains.nodes[at] = head;
		chains.buckets[at] = first + i;
		at += !is_end(head);
	}
	chains.count = at;
	return 0;
}

/* Takes the head out of a bucket that has more than a head. */
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
	__u32 size = count * table.stride;

	chains.count = chains.found_count = 0;
	chains.candidate_count = window.candidate_count;
	chains.moved = chains.overflow = false;
	if (table.stride == sizeof(chains.heads[0])) {
		if (count > BUCKETS || bpf_probe_read_kernel(chains.heads, count * sizeof(chains.heads[0]), first) != 0)
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

static __always_inline __u64 sock_of(__u64 node)
{
	return node - bpf_core_field_offset(struct sock_common, skc_nulls_node);
}

/* Loads alone, so that nothing makes one wait for another. */
static __always_inline long look(__u32 number, const bool direct)
{
	struct sock *sk;

	if (number >= BUCKETS)
		return 1;
	sk = OBJECT(sock, sock_of(chains.nodes[number]));
	chains.next[number] = (__u64)FIELD(sk, __sk_common.skc_nulls_node.next);
	chains.nets[number] = (__u64)FIELD(sk, __sk_common.skc_net.net);
	chains.states[number] = FIELD(sk, __sk_common.skc_state);
	return 0;
}

static __always_inline void find(__u32 number)
{
	__u32 count = chains.found_count;

	if (count >= WINDOW_ROWS) {
		chains.overflow = true;
		return;
	}
	chains.found[count] = sock_of(chains.nodes[number]);
	chains.found_count = count + 1;
}

static __always_inline void add_candidate(__u32 number)
{
	__u32 count = chains.candidate_count;

	if (count >= WINDOW_CANDIDATES) {
		chains.overflow = true;
		return;
	}
	window.candidates[count] = sock_of(chains.nodes[number]);
	chains.candidate_count = count + 1;
}

/* Returns true if it is a minisocket or an orphaned socket. */
static __always_inline bool is_unheld(__u32 number, const bool direct)
{
	__u32 tcp_state = chains.states[number];
	struct sock *sk;

	if (tcp_state == TCP_TIME_WAIT || tcp_state == TCP_NEW_SYN_RECV)
		return true;
	if (!(CLOSING_STATES >> (tcp_state & 31) & 1))
		return false;
	sk = OBJECT(sock, sock_of(chains.nodes[number]));
	return !FIELD(sk, sk_socket);
}

/* Returns true if rows of the network namespace are wanted. */
static __always_inline bool is_wanted(struct net *net)
{
	return (__u64)net == facts.net || (all_netns && has_net((__u64)net));
}

/* Notes the sock, and goes on to the next of its chain, if there is one. */
static __always_inline long step(__u32 number, const bool direct)
{
	__u32 bucket, kept = chains.kept;
	__u64 next;

	if (number >= BUCKETS || kept >= BUCKETS)
		return 1;
	if (is_wanted((struct net *)chains.nets[number])) {
		if (is_unheld(number, direct))
			find(number);
		else if (!table.no_candidates)
			add_candidate(number);
	}
	next = chains.next[number];
	bucket = chains.buckets[number];
	if (is_end(next) && next >> 1 != table.end + table.bucket + bucket)
		chains.moved = true;
	chains.nodes[kept] = next;
	chains.buckets[kept] = bucket;
	chains.kept = kept + !is_end(next);
	return 0;
}

static __always_inline void fill_minisocket(struct window_row *row, __u32 tcp_state, const bool direct)
{
	struct inet_timewait_sock *tw = OBJECT(inet_timewait_sock, row->identity);

	row->receive_queue = row->send_queue = 0;
	row->state = TCP_SYN_RECV;
	if (tcp_state != TCP_TIME_WAIT)
		return;
	row->state = FIELD(tw, tw_substate);
	/* The kernel sets the timer when it makes the minisocket, and perhaps later. */
	if (row->state == TCP_TIME_WAIT && table.timewait_jiffies != 0 &&
	    (__s64)(FIELD(tw, tw_timer.expires) - table.timewait_jiffies - facts.began) < 0)
		row->flags |= ROW_OLD;
}

static __always_inline void fill_sock(struct window_row *row, struct sock *sk, __u8 tcp_state, const bool direct)
{
	struct socket *socket;

	if (tcp_state == TCP_TIME_WAIT || tcp_state == TCP_NEW_SYN_RECV) {
		fill_minisocket(row, tcp_state, direct);
		return;
	}
	socket = FIELD(sk, sk_socket);
	if (socket)
		row->flags |= ROW_HAS_FILE;
	if (tcp_state == TCP_LISTEN)
		fill_listener(row, sk, BPF_CORE_READ(socket, file), direct);
	else
		fill_connection(row, sk, tcp_state, direct);
}

/* Adds the row of a sock, unless it is in no table any more or has become another one. */
static __always_inline void add_sock(__u64 address, const bool direct)
{
	struct sock *sk = OBJECT(sock, address);
	__u8 tcp_state = FIELD(sk, __sk_common.skc_state);
	struct net *net = FIELD(sk, __sk_common.skc_net.net);
	__u32 index = window.row_count;
	struct window_row *row;

	if (index >= WINDOW_ROWS || tcp_state == TCP_CLOSE || !is_wanted(net))
		return;
	row = &window.rows[index];
	enter_net(net);
	fill_common(row, sk, tcp_state, direct);
	fill_sock(row, sk, tcp_state, direct);
	order_loads();
	if (FIELD(sk, __sk_common.skc_state) == tcp_state && FIELD(sk, __sk_common.skc_num) == row->local_port &&
	    FIELD(sk, __sk_common.skc_dport) == row->remote_port && FIELD(sk, __sk_common.skc_net.net) == net)
		window.row_count = index + 1;
}

/* Fewer buckets next time, if it was the buckets that held too much. Returns false if it is down to one. */
static __always_inline bool read_fewer(__u32 count)
{
	table.most = count / 2;
	return count > 1;
}

#define TABLE_STEPS(how, direct)                                                                                       \
	static long look_##how(__u32 number, void *data)                                                               \
	{                                                                                                              \
		(void)data;                                                                                            \
		return look(number, direct);                                                                           \
	}                                                                                                              \
	static long step_##how(__u32 number, void *data)                                                               \
	{                                                                                                              \
		(void)data;                                                                                            \
		return step(number, direct);                                                                           \
	}                                                                                                              \
	static long follow_##how(__u32 round, void *data)                                                              \
	{                                                                                                              \
		(void)round;                                                                                           \
		(void)data;                                                                                            \
		chains.kept = 0;                                                                                       \
		bpf_loop(chains.count, look_##how, NULL, 0);                                                           \
		bpf_loop(chains.count, step_##how, NULL, 0);                                                           \
		chains.count = chains.kept;                                                                            \
		return chains.count == 0;                                                                              \
	}                                                                                                              \
	static long add_found_##how(__u32 number, void *data)                                                          \
	{                                                                                                              \
		(void)data;                                                                                            \
		if (number < WINDOW_ROWS)                                                                              \
			add_sock(chains.found[number], direct);                                                        \
		return 0;                                                                                              \
	}                                                                                                              \
	static long add_wanted_##how(__u32 number, void *data)                                                         \
	{                                                                                                              \
		__u32 next = table.wanted_next;                                                                        \
                                                                                                                       \
		(void)number;                                                                                          \
		(void)data;                                                                                            \
		if (next >= table.wanted_count || next >= WINDOW_CANDIDATES || window.row_count >= WINDOW_ROWS)         \
			return 1;                                                                                      \
		add_sock(window.candidates[next], direct);                                                             \
		table.wanted_next = next + 1;                                                                          \
		return 0;                                                                                              \
	}                                                                                                              \
	/* Reads the next buckets. Returns 0 to go on, 1 if it is the reader's turn. */                                \
	static long read_buckets_##how(__u32 round, void *data)                                                        \
	{                                                                                                              \
		__u32 count = bucket_count();                                                                          \
                                                                                                                       \
		(void)round;                                                                                           \
		(void)data;                                                                                            \
		if (table.bucket > table.mask)                                                                         \
			return 1;                                                                                      \
		table.incomplete = !read_heads(count);                                                                 \
		if (chains.count != 0)                                                                                 \
			bpf_loop(CHAIN_MAX, follow_##how, NULL, 0);                                                    \
		if (chains.count != 0 || table.moves > MOVES_MAX)                                                      \
			table.incomplete = 1;                                                                          \
		if (table.incomplete)                                                                                  \
			return 1;                                                                                      \
		if (chains.moved) {                                                                                    \
			table.moves++;                                                                                 \
			return 0;                                                                                      \
		}                                                                                                      \
		if (chains.overflow || window.row_count + chains.found_count > WINDOW_ROWS) {                           \
			/* The reader makes room. In an empty window it is the buckets that hold too much. */          \
			if (window.row_count == 0 && window.candidate_count == 0)                                        \
				table.incomplete = !read_fewer(count);                                                 \
			return 1;                                                                                      \
		}                                                                                                      \
		bpf_loop(chains.found_count, add_found_##how, NULL, 0);                                                \
		window.candidate_count = chains.candidate_count;                                                        \
		table.bucket += count;                                                                                 \
		table.moves = 0;                                                                                       \
		return 0;                                                                                              \
	}                                                                                                              \
	static __always_inline int walk_table_##how(void)                                                              \
	{                                                                                                              \
		if (table.incomplete)                                                                                  \
			return 0;                                                                                      \
		if (table.table == 0 && !begin_table()) {                                                              \
			table.incomplete = 1;                                                                          \
			return 0;                                                                                      \
		}                                                                                                      \
		bpf_loop(WINDOW_CANDIDATES, add_wanted_##how, NULL, 0);                                                \
		if (table.wanted_next >= table.wanted_count)                                                           \
			bpf_loop(ROUNDS_OF_A_CALL, read_buckets_##how, NULL, 0);                                       \
		state.rows_seen += window.row_count;                                                                    \
		return !table.incomplete &&                                                                            \
		       (table.bucket <= table.mask || window.candidate_count != 0 ||                                    \
		        table.wanted_next < table.wanted_count);                                                       \
	}

TABLE_STEPS(directly, true)
TABLE_STEPS(by_helper, false)

/* Linux 6.2 and later. */
SEC("iter/task")
int tables_directly(struct bpf_iter__task *ctx)
{
	return ctx->task ? walk_table_directly() : 0;
}

/* Linux 6.1, the first that attaches an iterator to one task. */
SEC("iter/task")
int tables_by_helper(struct bpf_iter__task *ctx)
{
	return ctx->task ? walk_table_by_helper() : 0;
}

#endif
