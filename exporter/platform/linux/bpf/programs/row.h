/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Rows: how the BPF programs read the kernel's sockets and make rows of them. */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_ROW_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_ROW_H

#include "exporter/platform/linux/bpf/programs/kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "exporter/platform/linux/bpf/programs/window.h"

#define AF_INET        2
#define AF_INET6       10
#define TCP_SYN_SENT   2
#define TCP_SYN_RECV   3
#define TCP_CLOSE      7
#define TCP_CLOSE_WAIT 8
#define TCP_LISTEN     10

/* The persist timer. The other timers of icsk_pending retransmit (include/net/inet_connection_sock.h). */
#define ICSK_TIME_PROBE0 3

struct walk_state state;
struct walk_facts facts;
struct window window;

/* The reader's namespaces. Each walk over files finds the same. */
struct {
	__u64 net, pid_namespace;
	__u32 level;  /* of the PID namespace */
	__u32 unused; /* for the same size on a processor of 32 bits */
} reader;

/* Rows of every network namespace, not only of the reader's. */
const volatile __u8 all_netns;

/* Since Linux 6.2: makes an address readable as an object of that type; what is no such object reads as zeros. */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

/* An object at an address, and a field of it: read directly where the kernel lets a program do so, else by a helper. */
#define OBJECT(name, address)                                                                                          \
	((struct name *)(direct ? bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(struct name))             \
	                        : (void *)(address)))
#define FIELD(pointer, field) (direct ? (pointer)->field : BPF_CORE_READ(pointer, field))

struct {
	__u64 word, seen;
} fence;

/* Completes the loads before it before those after it. An atomic operation that returns a value is a full barrier on
 * every architecture (Documentation/bpf/standardization/instruction-set.rst). Linux 5.12 is the first to have them.
 * Earlier kernels refuse a program that has such an operation, even in code that does not run. */
static __always_inline void order_loads(void)
{
	barrier();
	fence.seen = __sync_fetch_and_add(&fence.word, 0);
	barrier();
}

/* Returns ip_local_port_range as one word. */
static __always_inline __u32 ports_of(struct net *net)
{
	struct net___ends *older = (struct net___ends *)net;

	if (bpf_core_field_exists(net->ipv4.ip_local_ports.range) &&
	    bpf_core_field_size(net->ipv4.ip_local_ports.range) == sizeof(__u32))
		return BPF_CORE_READ(net, ipv4.ip_local_ports.range);
	return (__u32)BPF_CORE_READ(older, ipv4.ip_local_ports.range[1]) << 16 |
	       (__u32)BPF_CORE_READ(older, ipv4.ip_local_ports.range[0]);
}

/* Makes the socket's network namespace the one that `state` has the facts of. */
static __always_inline void enter_net(struct net *net)
{
	if (state.net != (__u64)net) {
		state.net = (__u64)net;
		state.net_inum = BPF_CORE_READ(net, ns.inum);
		state.net_ports = ports_of(net);
	}
}

/* A kernel without IPv6 has no such fields. */
static __always_inline void fill_addresses_v6(struct window_row *row, struct sock *sk, const bool direct)
{
	row->family = 6;
	if (!bpf_core_field_exists(sk->__sk_common.skc_v6_daddr))
		return;
	for (int i = 0; i < 4; i++) {
		((__be32 *)row->local)[i] = FIELD(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
		((__be32 *)row->remote)[i] = FIELD(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[i]);
	}
}

/* Fills in the fields that every kind of sock has. Call after enter_net(). */
static __always_inline void fill_common(struct window_row *row, struct sock *sk, __u8 tcp_state, const bool direct)
{
	row->identity = (__u64)sk;
	row->netns = state.net_inum;
	row->ports = state.net_ports;
	row->state = tcp_state;
	row->flags = 0;
	row->local_port = FIELD(sk, __sk_common.skc_num);
	row->remote_port = FIELD(sk, __sk_common.skc_dport);
	row->device = (__u32)FIELD(sk, __sk_common.skc_bound_dev_if);
	if (FIELD(sk, __sk_common.skc_family) == AF_INET6) {
		fill_addresses_v6(row, sk, direct);
		return;
	}
	row->family = 4;
	*(__be32 *)row->local = FIELD(sk, __sk_common.skc_rcv_saddr);
	*(__be32 *)row->remote = FIELD(sk, __sk_common.skc_daddr);
}

static __always_inline void fill_listener(struct window_row *row, struct sock *sk, struct file *file, const bool direct)
{
	struct tcp_sock *tp = OBJECT(tcp_sock, sk);

	row->inode = (__u32)BPF_CORE_READ(file, f_inode, i_ino);
	row->receive_queue = FIELD(sk, sk_ack_backlog);
	row->send_queue = FIELD(sk, sk_max_ack_backlog);
	row->drops = (__u32)FIELD(sk, sk_drops.counter);
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only))
		row->flags |= ROW_V6_ONLY;
	if (FIELD(tp, inet_conn.icsk_accept_queue.qlen.counter) > 0)
		row->flags |= ROW_REQUESTS;
}

/* Without data to be acknowledged no such timer is pending, and the cache line of the timers is not read. */
static __always_inline void fill_timers(struct window_row *row, struct tcp_sock *tp, __u8 tcp_state, const bool direct)
{
	__u8 pending;

	if (row->send_queue == 0 || tcp_state == TCP_SYN_SENT || tcp_state == TCP_SYN_RECV)
		return;
	pending = FIELD(tp, inet_conn.icsk_pending);
	if (pending == ICSK_TIME_PROBE0)
		row->flags |= ROW_ZERO_WINDOW;
	else if (pending != 0 && FIELD(tp, inet_conn.icsk_retransmits) != 0)
		row->flags |= ROW_RETRANSMITTING;
}

static __always_inline void fill_connection(struct window_row *row, struct sock *sk, __u8 tcp_state, const bool direct)
{
	struct tcp_sock *tp = OBJECT(tcp_sock, sk);
	__s32 unread = (__s32)(FIELD(tp, rcv_nxt) - FIELD(tp, copied_seq));

	row->receive_queue = unread > 0 ? (__u32)unread : 0;
	row->send_queue = FIELD(tp, write_seq) - FIELD(tp, snd_una);
	fill_timers(row, tp, tcp_state, direct);
	if (tcp_state == TCP_CLOSE_WAIT) {
		/* Read before the clock. A segment that came after the clock was read would be of the future. */
		__u32 received = FIELD(tp, rcv_tstamp);

		row->quiet = (__u32)bpf_jiffies64() - received;
	}
}

#endif
