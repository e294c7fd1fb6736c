/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Table walk: an iterator over the kernel's hash tables of TCP sockets, the ehash (connections, timewait minisockets,
 * request sockets) and lhash2 (listeners). It finds the sockets that the walk over files does not reach. The iterator
 * is of tasks because the kernel has none for this: it is attached to one task, for which the program asks again until
 * it is through the table.
 *
 * Minisockets and orphaned sockets become rows at once. Every other sock is a candidate: its address goes to the
 * reader, which knows the socks of the walk over files. The reader keeps the candidates that it does not know. The
 * program makes rows of them in its next call.
 *
 * Chains are short and in no cache. The program follows the chains of many buckets together, one step each at a time.
 * The loads of one step do not depend on each other, so the processor waits for many at once.
 *
 * The program holds no lock. A sock that the kernel frees meanwhile stays a sock, perhaps of another connection
 * (SLAB_TYPESAFE_BY_RCU). A chain that ends with another bucket's number has left its bucket, and the program reads the
 * bucket again.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TABLES_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TABLES_H

#include "exporter/platform/linux/bpf/programs/chains.h"
#include "exporter/platform/linux/bpf/programs/closed.h"

#define TCP_NEW_SYN_RECV 12
/* A sock in these states may be orphaned: its process has closed it. */
#define CLOSING_STATES (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

/* The kernel makes its table so large that chains of a dozen are rare. SO_REUSEPORT makes long chains of listeners. */
#define CHAIN_MAX (1 << 16)
/* Groups of buckets per call, before the reader looks at the clock. */
#define ROUNDS_OF_A_CALL 64
/* Connections move when they are closed, which happens now and then but not to the same few all the time. */
#define MOVES_MAX 64

static __always_inline __u64 sock_of(__u64 node)
{
	return node - bpf_core_field_offset(struct sock_common, skc_nulls_node);
}

/* Reads the sock at a node. Loads only, so that none waits for another. */
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
static __always_inline bool is_wanted(__u64 net)
{
	return net == reader.net || (all_netns && has_net(net));
}

/* Notes the sock, and goes on to the next of its chain, if there is one. */
static __always_inline long step(__u32 number, const bool direct)
{
	__u32 bucket, kept = chains.kept;
	__u64 next;

	if (number >= BUCKETS || kept >= BUCKETS)
		return 1;
	if (is_wanted(chains.nets[number])) {
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
	struct window_row *row;
	__u32 index;

	enter_net(net);
	if (tcp_state == TCP_CLOSE || !is_wanted(state.net))
		return;
	index = window.row_count; /* Linux 6.1 forgets the bounds of a number while it is on the stack */
	if (index >= WINDOW_ROWS)
		return;
	row = &window.rows[index];
	fill_common(row, sk, tcp_state, direct);
	fill_sock(row, sk, tcp_state, direct);
	order_loads();
	if (FIELD(sk, __sk_common.skc_state) != tcp_state || FIELD(sk, __sk_common.skc_num) != row->local_port ||
	    FIELD(sk, __sk_common.skc_dport) != row->remote_port || FIELD(sk, __sk_common.skc_net.net) != net)
		return;
	find_closer(index);
	window.row_count = index + 1;
}

/* Halves the number of buckets that are read together. Returns false if it is 1. */
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
		if (next >= table.wanted_count || next >= WINDOW_CANDIDATES || window.row_count >= WINDOW_ROWS)        \
			return 1;                                                                                      \
		add_sock(window.candidates[next], direct);                                                             \
		table.wanted_next = next + 1;                                                                          \
		return 0;                                                                                              \
	}                                                                                                              \
	/* Reads the next buckets. Returns 0 to go on, 1 to return to the reader. */                                   \
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
		if (chains.overflow || window.row_count + chains.found_count > WINDOW_ROWS) {                          \
			/* The reader makes room. In an empty window it is the buckets that hold too much. */          \
			if (window.row_count == 0 && window.candidate_count == 0)                                      \
				table.incomplete = !read_fewer(count);                                                 \
			return 1;                                                                                      \
		}                                                                                                      \
		bpf_loop(chains.found_count, add_found_##how, NULL, 0);                                                \
		window.candidate_count = chains.candidate_count;                                                       \
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
		state.rows_seen += window.row_count;                                                                   \
		return !table.incomplete && (table.bucket <= table.mask || window.candidate_count != 0 ||              \
		                             table.wanted_next < table.wanted_count);                                  \
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
