/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * A walk over the kernel's table of connections, for those that no process holds: TIME_WAIT, handshakes,
 * orphans, and what waits in accept queues. The iterator is of tasks because it has to be of something: it
 * is attached to one, for which the program asks again until it is through the table.
 *
 * Chains are short and in no cache. So the chains of many buckets are followed together, a step each at a
 * time: the loads of one step do not depend on each other, so that the processor waits for many at once.
 *
 * No lock is taken. What is freed meanwhile stays a connection, perhaps another one (SLAB_TYPESAFE_BY_RCU):
 * a chain that ends with another bucket's number went astray, and its buckets are read again.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_CONNECTIONS_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_CONNECTIONS_H

#include "exporter/platform/linux/bpf/programs/row.h"

#define TCP_SYN_RECV     3
#define TCP_TIME_WAIT    6
#define TCP_NEW_SYN_RECV 12

/* So many that their chains make the processor wait for as much as it can at once. */
#define BUCKETS 256
/* Buckets that are looked at in one go. The kernel's tables are powers of two, and none is smaller unless it was told
 * to make it so (net.ipv4.tcp_child_ehash_entries). */
#define HEADS 64
/* The kernel makes its table so large that chains of a dozen are rare. A table with longer ones than this
 * (net.ipv4.tcp_child_ehash_entries) is left to others. */
#define CHAIN_MAX 64
/* Before the reader is woken to look at the clock. */
#define ROUNDS_OF_A_CALL 64
/* Connections move when they are closed, which happens now and then but not to the same few all the time. */
#define MOVES_MAX 64

/* Objects are read directly (FIELD). */
enum { direct = true };

struct connections_state connections;

/* The chains of the buckets that were read. Addresses are of kernel objects. */
struct {
	__u64 heads[BUCKETS];
	__u64 nodes[BUCKETS];   /* where each has arrived */
	__u32 buckets[BUCKETS]; /* which bucket's it is */
	__u32 count, kept;

	/* Of what is there. */
	__u64 next[BUCKETS], nets[BUCKETS];
	__u8 states[BUCKETS];

	__u64 found[WINDOW_ROWS];
	__u32 found_count;
	bool moved, overflow;
} chains;

static __always_inline bool begin_connections(void)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct net *net = BPF_CORE_READ(reader, nsproxy, net_ns);
	struct inet_hashinfo *info;

	if (!bpf_core_field_exists(net->ipv4.tcp_death_row.hashinfo) ||
	    bpf_core_type_size(struct inet_ehash_bucket) != sizeof(chains.heads[0]))
		return false;
	info = BPF_CORE_READ(net, ipv4.tcp_death_row.hashinfo);
	connections.net = (__u64)net;
	connections.table = (__u64)BPF_CORE_READ(info, ehash);
	connections.mask = BPF_CORE_READ(info, ehash_mask);
	return connections.table != 0 && connections.mask >= HEADS - 1;
}

/* The buckets that are read next. */
static __always_inline __u32 bucket_count(void)
{
	__u32 left = connections.mask - connections.bucket + 1;

	return left < BUCKETS ? left : BUCKETS;
}

static __always_inline bool is_end(__u64 node)
{
	return node & 1;
}

/* Whether there is nothing in any of a group's buckets: on a host with few connections that is so for most groups. */
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
static long take_heads(__u32 group, void *data)
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

static __always_inline bool read_heads(__u32 count)
{
	const __u64 *table = (const __u64 *)connections.table;

	chains.count = chains.found_count = 0;
	chains.moved = chains.overflow = false;
	if (bpf_probe_read_kernel(chains.heads, count * sizeof(chains.heads[0]), table + connections.bucket) != 0)
		return false;
	bpf_loop(count / HEADS, take_heads, NULL, 0);
	return true;
}

static __always_inline struct sock *sock_of(__u64 node)
{
	return OBJECT(sock, node - bpf_core_field_offset(struct sock_common, skc_nulls_node));
}

/* Loads alone, so that nothing makes one wait for another. */
static long look(__u32 number, void *data)
{
	struct sock *sk;

	(void)data;
	if (number >= BUCKETS)
		return 1;
	sk = sock_of(chains.nodes[number]);
	chains.next[number] = (__u64)FIELD(sk, __sk_common.skc_nulls_node.next);
	chains.nets[number] = (__u64)FIELD(sk, __sk_common.skc_net.net);
	chains.states[number] = FIELD(sk, __sk_common.skc_state);
	return 0;
}

static __always_inline bool is_wanted(struct sock *sk, __u32 tcp_state)
{
	__u32 bit = 1u << (tcp_state & 31);
	__u16 port;

	if (connections.ownerless_states & bit)
		return true;
	if (!(connections.port_states & bit))
		return false;
	port = FIELD(sk, __sk_common.skc_num);
	return connections.ports[port / 64] >> (port % 64) & 1;
}

static __always_inline void find(__u32 number)
{
	struct sock *sk = sock_of(chains.nodes[number]);
	__u32 count = chains.found_count;

	if (!is_wanted(sk, chains.states[number]))
		return;
	if (count >= WINDOW_ROWS) {
		chains.overflow = true;
		return;
	}
	chains.found[count] = (__u64)sk;
	chains.found_count = count + 1;
}

/* Notes the connection if it is wanted, and goes on to the next of its chain, if there is one. */
static long step(__u32 number, void *data)
{
	__u32 bucket, kept = chains.kept;
	__u64 next;

	(void)data;
	if (number >= BUCKETS || kept >= BUCKETS)
		return 1;
	if (chains.nets[number] == connections.net &&
	    (connections.ownerless_states | connections.port_states) >> (chains.states[number] & 31) & 1)
		find(number);
	next = chains.next[number];
	bucket = chains.buckets[number];
	if (is_end(next) && next >> 1 != connections.bucket + bucket)
		chains.moved = true;
	chains.nodes[kept] = next;
	chains.buckets[kept] = bucket;
	chains.kept = kept + !is_end(next);
	return 0;
}

static long follow(__u32 round, void *data)
{
	(void)round;
	(void)data;
	chains.kept = 0;
	bpf_loop(chains.count, look, NULL, 0);
	bpf_loop(chains.count, step, NULL, 0);
	chains.count = chains.kept;
	return chains.count == 0;
}

/* The state as the kernel's own dumps tell it. */
static __always_inline bool fill_state(struct window_row *row, struct sock *sk, __u32 tcp_state)
{
	struct tcp_sock *tp = OBJECT(tcp_sock, sk);
	struct inet_timewait_sock *tw = OBJECT(inet_timewait_sock, sk);

	row->state = tcp_state;
	if (tcp_state == TCP_TIME_WAIT || tcp_state == TCP_NEW_SYN_RECV) {
		row->state = tcp_state == TCP_TIME_WAIT ? FIELD(tw, tw_substate) : TCP_SYN_RECV;
		row->flags = ROW_NO_SOCKET;
		row->receive_queue = row->send_queue = 0;
		return true;
	}
	if (connections.ownerless_states & 1u << (tcp_state & 31) && FIELD(sk, sk_socket))
		return false;
	fill_connection(row, tp, (__u8)tcp_state, direct);
	return true;
}

/* A row of what was found; none if a process holds it, or if it is another connection by now. */
static long add_connection(__u32 number, void *data)
{
	__u32 index = state.row_count, tcp_state;
	struct window_row *row;
	struct sock *sk;

	(void)data;
	if (number >= WINDOW_ROWS || index >= WINDOW_ROWS)
		return 0;
	sk = OBJECT(sock, chains.found[number]);
	row = &window.rows[index];
	tcp_state = FIELD(sk, __sk_common.skc_state);
	row->identity = (__u64)sk;
	row->flags = 0;
	row->local_port = FIELD(sk, __sk_common.skc_num);
	row->remote_port = FIELD(sk, __sk_common.skc_dport);
	row->device = (__u32)FIELD(sk, __sk_common.skc_bound_dev_if);
	fill_addresses(row, sk, FIELD(sk, __sk_common.skc_family), direct);
	if ((__u64)FIELD(sk, __sk_common.skc_net.net) != connections.net || !is_wanted(sk, tcp_state) ||
	    !fill_state(row, sk, tcp_state))
		return 0;
	barrier();
	if (FIELD(sk, __sk_common.skc_state) == tcp_state && FIELD(sk, __sk_common.skc_num) == row->local_port &&
	    FIELD(sk, __sk_common.skc_dport) == row->remote_port)
		state.row_count = index + 1;
	return 0;
}

/* Reads the next buckets. 0: and so on; 1: the reader's turn. */
static long read_buckets(__u32 batch, void *data)
{
	__u32 count = bucket_count(), first = state.row_count;

	(void)batch;
	(void)data;
	if (connections.bucket > connections.mask)
		return 1;
	connections.incomplete = !read_heads(count);
	if (chains.count != 0)
		bpf_loop(CHAIN_MAX, follow, NULL, 0);
	if (chains.count != 0 || chains.overflow || connections.moves > MOVES_MAX)
		connections.incomplete = 1;
	if (connections.incomplete)
		return 1;
	if (chains.moved) {
		connections.moves++;
		return 0;
	}
	if (first + chains.found_count > WINDOW_ROWS)
		return 1; /* the reader makes room, and these buckets are read again */
	bpf_loop(chains.found_count, add_connection, NULL, 0);
	state.rows_seen += state.row_count - first;
	connections.bucket += count;
	connections.moves = 0;
	return 0;
}

/* Linux 6.2 and later. */
SEC("iter/task")
int walk_connections(struct bpf_iter__task *ctx)
{
	if (!ctx->task || connections.incomplete)
		return 0;
	if (connections.table == 0 && !begin_connections()) {
		connections.incomplete = 1;
		return 0;
	}
	bpf_loop(ROUNDS_OF_A_CALL, read_buckets, NULL, 0);
	return !connections.incomplete && connections.bucket <= connections.mask;
}

#endif
