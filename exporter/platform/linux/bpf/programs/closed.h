/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Closed connections: notes which process closes a connection, so that the table walk finds the owner of a connection
 * that no process holds any more.
 *
 * A connection is closed when it enters FIN_WAIT1 or LAST_ACK, which a process does by close(), by shutdown() or by its
 * end. All later states of the connection are the kernel's own doing. The notes are in a map from which the kernel
 * evicts the least recently used. A note outlives its process.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_CLOSED_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_CLOSED_H

#include "exporter/platform/linux/bpf/programs/files.h"

#define TCP_FIN_WAIT1 4
#define TCP_FIN_WAIT2 5
#define TCP_TIME_WAIT 6
#define TCP_LAST_ACK  9
#define TCP_CLOSING   11
#define CLOSED_STATES                                                                                                  \
	(1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_TIME_WAIT | 1u << TCP_LAST_ACK | 1u << TCP_CLOSING)

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* Without it, the map does not exist and note_closed() is not loaded. */
const volatile __u8 closed_owners;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CLOSED_NOTES);
	__type(key, struct closed_key);
	__type(value, struct closer);
} closed_notes SEC(".maps");

static __always_inline void map_ipv4(__be32 *address, __be32 ipv4)
{
	address[0] = address[1] = 0;
	address[2] = bpf_htonl(0xffff);
	address[3] = ipv4;
}

/* The kernel clears skc_num before it closes a sock, and keeps inet_sport. */
static __always_inline void key_of_sock(struct closed_key *key, struct sock *sk, const bool direct)
{
	struct inet_sock *inet = (struct inet_sock *)sk;
	struct net *net = FIELD(sk, __sk_common.skc_net.net);

	key->netns = BPF_CORE_READ(net, ns.inum);
	key->device = (__u32)FIELD(sk, __sk_common.skc_bound_dev_if);
	key->local_port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	key->remote_port = FIELD(sk, __sk_common.skc_dport);
	if (FIELD(sk, __sk_common.skc_family) == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		for (int i = 0; i < 4; i++) {
			key->local[i] = FIELD(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
			key->remote[i] = FIELD(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[i]);
		}
		return;
	}
	map_ipv4(key->local, FIELD(sk, __sk_common.skc_rcv_saddr));
	map_ipv4(key->remote, FIELD(sk, __sk_common.skc_daddr));
}

static __always_inline void key_of_row(struct closed_key *key, const struct window_row *row)
{
	key->netns = row->netns;
	key->device = row->device;
	key->local_port = row->local_port;
	key->remote_port = row->remote_port;
	if (row->family == 6) {
		__builtin_memcpy(key->local, row->local, sizeof(key->local));
		__builtin_memcpy(key->remote, row->remote, sizeof(key->remote));
		return;
	}
	map_ipv4(key->local, *(const __be32 *)row->local);
	map_ipv4(key->remote, *(const __be32 *)row->remote);
}

/* Returns true if the reader sees the process. */
static __always_inline bool is_visible(struct pid *pid)
{
	struct upid *upid = upid_at(pid, reader.level);

	return reader.level == 0 ||
	       (BPF_CORE_READ(pid, level) >= reader.level && (__u64)BPF_CORE_READ(upid, ns) == reader.pid_namespace);
}

/* Fills in the task's process. Returns false if the reader does not see it, or if it is the kernel's own. */
static __always_inline bool fill_closer(struct closer *closer, struct task_struct *task, const bool direct)
{
	struct task_struct *leader = FIELD(task, group_leader);
	struct pid *pid = BPF_CORE_READ(leader, thread_pid); /* by the helper, as in add_task() */
	struct upid *upid = upid_at(pid, reader.level);

	if (FIELD(task, flags) & PF_KTHREAD || !is_visible(pid))
		return false;
	closer->start = FIELD(leader, start_boottime);
	closer->pid = (__u32)BPF_CORE_READ(upid, nr);
	bpf_core_read(closer->comm, sizeof(closer->comm), &leader->comm);
	return true;
}

/* Fills in the process that runs. Linux 5.11 is the first that lets a program read it directly. */
static __always_inline bool fill_current(struct closer *closer)
{
	if (LINUX_KERNEL_VERSION >= ((5 << 16) + (11 << 8)))
		return fill_closer(closer, bpf_get_current_task_btf(), true);
	return fill_closer(closer, (struct task_struct *)bpf_get_current_task(), false);
}

/* Notes that the process that runs closes a connection. */
static __always_inline void note_closer(struct sock *sk, const bool direct)
{
	struct closer closer = {0};
	struct closed_key key;

	if (!fill_current(&closer))
		return;
	key_of_sock(&key, sk, direct);
	bpf_map_update_elem(&closed_notes, &key, &closer, BPF_ANY);
}

__noinline int note_closer_of_subflow(__u64 sock)
{
	note_closer((struct sock *)sock, false);
	return 0;
}

/* The kernel closes the TCP sockets of a Multipath TCP socket after its process has closed that. */
static __always_inline void note_multipath_closer(__u64 multipath)
{
	struct list_head *node = NULL;
	__u64 sock;

	for (int i = 0; i < SUBFLOWS_MAX && (sock = next_subflow(multipath, &node)) != 0; i++)
		note_closer_of_subflow(sock);
}

static __always_inline void forget_closer(struct sock *sk)
{
	struct closed_key key;

	key_of_sock(&key, sk, true);
	bpf_map_delete_elem(&closed_notes, &key);
}

/* Returns true if a process closes the connection. Any process may run during a softirq, which does not own the sock's
 * lock. */
static __always_inline bool is_close(struct sock *sk, int old_state, int new_state)
{
	return (new_state == TCP_FIN_WAIT1 || new_state == TCP_LAST_ACK) && old_state != new_state && sk->sk_lock.owned;
}

/* Linux 5.8 and later. The tracepoint's arguments are the sock, its old state and its new one. LAST_ACK ends in no
 * TIME_WAIT, and its notes must not evict those that a TIME_WAIT needs. */
SEC("tp_btf/inet_sock_set_state")
int note_closed(__u64 *arguments)
{
	struct sock *sk = (struct sock *)arguments[0];
	int old_state = (int)arguments[1], new_state = (int)arguments[2];
	bool ends = old_state == TCP_LAST_ACK && new_state == TCP_CLOSE;

	if (!ends && !is_close(sk, old_state, new_state))
		return 0;
	if (!all_netns && (__u64)sk->__sk_common.skc_net.net != reader.net)
		return 0;
	if (ends)
		forget_closer(sk);
	else if (sk->sk_protocol == IPPROTO_TCP)
		note_closer(sk, true);
	else if (sk->sk_protocol == IPPROTO_MPTCP)
		note_multipath_closer((__u64)sk);
	return 0;
}

/* Finds who closed the connection of a row that no process holds. */
__noinline int find_closer(__u32 index)
{
	const struct closer *closer;
	struct window_task *task;
	struct window_row *row;
	struct closed_key key;

	if (!closed_owners || index >= WINDOW_ROWS)
		return 0;
	row = &window.rows[index];
	if (!(CLOSED_STATES >> (row->state & 31) & 1) || row->flags & ROW_HAS_FILE)
		return 0;
	key_of_row(&key, row);
	closer = bpf_map_lookup_elem(&closed_notes, &key);
	if (!closer)
		return 0;
	task = &window.tasks[index];
	task->start = closer->start;
	task->pid = closer->pid;
	__builtin_memcpy(task->comm, closer->comm, sizeof(task->comm));
	row->task = (__u16)index;
	row->flags |= ROW_CLOSED;
	return 0;
}

#endif
