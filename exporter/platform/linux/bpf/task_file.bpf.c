/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * An iterator over every file of every process: each TCP socket becomes a row. The file that comes
 * after the one that filled the window waits: a byte of output makes the kernel return to the reader,
 * which empties the window and reads on. So nothing is lost and nothing grows with the host.
 */
#include "exporter/platform/linux/bpf/kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "exporter/platform/linux/bpf/task_file.h"

#define AF_INET        2
#define AF_INET6       10
#define S_IFMT         0170000
#define S_IFSOCK       0140000
#define TCP_CLOSE      7
#define TCP_CLOSE_WAIT 8
#define TCP_LISTEN     10
#define SOCK_STREAM    1
#define IPPROTO_TCP    6

/* bpf_seq_write(), bpf_probe_read_kernel() and others are for programs under the GPL alone. */
char LICENSE[] SEC("license") = "GPL";

/* Rows of every network namespace, not only of the reader's. */
const volatile __u8 all_netns;

struct task_file_state state;
struct task_file_window window;

/* A field of a kernel object: read directly where the verifier knows the pointer's type, else by a helper. */
#define FIELD(pointer, field) (direct ? (pointer)->field : BPF_CORE_READ(pointer, field))

static __always_inline void begin_walk(void)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct net *net = BPF_CORE_READ(reader, nsproxy, net_ns);

	state.level = BPF_CORE_READ(reader, thread_pid, level);
	state.own_netns = BPF_CORE_READ(net, ns.inum);
	state.keepalive_jiffies = (__u32)BPF_CORE_READ(net, ipv4.sysctl_tcp_keepalive_time);
}

/* Threads share their files; those of the main thread stand for them all, while it has any. */
static __always_inline void begin_task(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	if (state.task == 0)
		begin_walk();
	state.task = (__u64)task;
	state.tid = (__u32)task->pid;
	state.skip = task->pid != task->tgid && task->files == leader->files;
	state.has_task = 0;
}

static __always_inline __u32 pid_at(struct pid *pid, __u32 level)
{
	const char *numbers = (const char *)pid + bpf_core_field_offset(struct pid, numbers);
	__u32 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number),
	                      numbers + level * bpf_core_type_size(struct upid) +
	                              bpf_core_field_offset(struct upid, nr));
	return number;
}

/* Enters the process into the window. False: no room, or it is no more. */
static __always_inline bool add_task(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct pid *pid = leader->thread_pid;
	struct task_file_task *entry;
	__u32 index = state.task_count;

	if (index >= TASK_FILE_ROWS)
		return false;
	entry = &window.tasks[index];
	entry->start = leader->start_boottime;
	entry->pid = pid_at(pid, state.level);
	entry->init = pid_at(pid, BPF_CORE_READ(pid, level)) == 1;
	entry->thread = task->pid != task->tgid;
	bpf_core_read(entry->comm, sizeof(entry->comm), &leader->comm);
	state.task_count = index + 1;
	state.has_task = 1;
	return true;
}

/* ip_local_port_range as one word. */
static __always_inline __u32 ports_of(struct net *net)
{
	struct net___ends *older = (struct net___ends *)net;

	if (bpf_core_field_exists(net->ipv4.ip_local_ports.range) &&
	    bpf_core_field_size(net->ipv4.ip_local_ports.range) == sizeof(__u32))
		return BPF_CORE_READ(net, ipv4.ip_local_ports.range);
	return (__u32)BPF_CORE_READ(older, ipv4.ip_local_ports.range[1]) << 16 |
	       (__u32)BPF_CORE_READ(older, ipv4.ip_local_ports.range[0]);
}

/* Whether the socket's network namespace is asked for; its facts are then in `state`. */
static __always_inline bool enter_net(struct net *net)
{
	if (state.net != (__u64)net) {
		state.net = (__u64)net;
		state.net_inum = BPF_CORE_READ(net, ns.inum);
		state.net_ports = ports_of(net);
	}
	return all_netns || state.net_inum == state.own_netns;
}

static __always_inline void fill_addresses(struct task_file_row *row, struct sock *sk, __u16 family, const bool direct)
{
	if (family == AF_INET) {
		row->family = 4;
		*(__be32 *)row->local = FIELD(sk, __sk_common.skc_rcv_saddr);
		*(__be32 *)row->remote = FIELD(sk, __sk_common.skc_daddr);
		return;
	}
	row->family = 6;
	for (int i = 0; i < 4; i++) {
		((__be32 *)row->local)[i] = FIELD(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
		((__be32 *)row->remote)[i] = FIELD(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[i]);
	}
}

static __always_inline void fill_listener(struct task_file_row *row, struct sock *sk, struct tcp_sock *tp,
                                          struct file *file, const bool direct)
{
	row->inode = (__u32)file->f_inode->i_ino;
	row->receive_queue = FIELD(sk, sk_ack_backlog);
	row->send_queue = FIELD(sk, sk_max_ack_backlog);
	if (direct ? BPF_CORE_READ_BITFIELD(sk, __sk_common.skc_ipv6only)
	           : BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only))
		row->flags |= TASK_FILE_V6_ONLY;
	if (FIELD(tp, inet_conn.icsk_accept_queue.qlen.counter) > 0)
		row->flags |= TASK_FILE_REQUESTS;
}

static __always_inline void fill_connection(struct task_file_row *row, struct tcp_sock *tp, __u8 tcp_state,
                                            const bool direct)
{
	__s32 unread = (__s32)(FIELD(tp, rcv_nxt) - FIELD(tp, copied_seq));

	row->receive_queue = unread > 0 ? (__u32)unread : 0;
	row->send_queue = FIELD(tp, write_seq) - FIELD(tp, snd_una);
	if (tcp_state == TCP_CLOSE_WAIT)
		row->quiet = (__u32)bpf_jiffies64() - FIELD(tp, rcv_tstamp);
}

static __always_inline void fill(struct task_file_row *row, struct sock *sk, struct tcp_sock *tp, struct file *file,
                                 __u8 tcp_state, const bool direct)
{
	row->identity = (__u64)sk;
	row->netns = state.net_inum;
	row->ports = state.net_ports;
	row->task = (__u16)(state.task_count - 1);
	row->state = tcp_state;
	row->flags = 0;
	row->local_port = FIELD(sk, __sk_common.skc_num);
	row->remote_port = FIELD(sk, __sk_common.skc_dport);
	fill_addresses(row, sk, FIELD(sk, __sk_common.skc_family), direct);
	if (tcp_state == TCP_LISTEN)
		fill_listener(row, sk, tp, file, direct);
	else
		fill_connection(row, tp, tcp_state, direct);
}

/* Sockets in TCP_CLOSE are in no table of the kernel's: neither bound alone nor reset do they count. */
static __always_inline void add_row(struct task_struct *task, struct sock *sk, struct tcp_sock *tp, struct file *file,
                                    const bool direct)
{
	__u16 family = FIELD(sk, __sk_common.skc_family);
	__u8 tcp_state = FIELD(sk, __sk_common.skc_state);
	__u32 index = state.row_count;

	if ((family != AF_INET && family != AF_INET6) || tcp_state == TCP_CLOSE)
		return;
	if (!enter_net(FIELD(sk, __sk_common.skc_net.net)))
		return;
	state.rows_seen++;
	if (index >= TASK_FILE_ROWS || (!state.has_task && !add_task(task))) {
		state.rows_lost++;
		return;
	}
	fill(&window.rows[index], sk, tp, file, tcp_state, direct);
	state.row_count = index + 1;
}

/* Whether to look at the file; not at the iterator's end, where there is none. */
static __always_inline bool wants(struct task_struct *task, struct file *file)
{
	if (!task || !file)
		return false;
	state.visits++;
	if (state.task != (__u64)task || state.tid != (__u32)task->pid)
		begin_task(task);
	return !state.skip;
}

static __always_inline int wake_reader(struct bpf_iter__task_file *ctx)
{
	const char byte = 0;

	if (state.row_count >= TASK_FILE_ROWS || state.visits >= TASK_FILE_VISITS)
		bpf_seq_write(ctx->meta->seq, &byte, sizeof(byte));
	return 0;
}

/* Linux 5.11 and later. */
SEC("iter/task_file")
int task_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct tcp_sock *tp;
	struct sock *sk;

	if (!wants(task, file))
		return wake_reader(ctx);
	socket = bpf_sock_from_file(file);
	if (!socket)
		return wake_reader(ctx);
	sk = socket->sk;
	if (!sk)
		return wake_reader(ctx);
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		add_row(task, sk, tp, file, true);
	return wake_reader(ctx);
}

/* Linux 5.8 to 5.10 have neither of the helpers. */
SEC("iter/task_file")
int task_file_older(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!wants(task, file) || (file->f_inode->i_mode & S_IFMT) != S_IFSOCK)
		return wake_reader(ctx);
	socket = file->private_data;
	sk = BPF_CORE_READ(socket, sk);
	if (sk && BPF_CORE_READ(sk, sk_type) == SOCK_STREAM && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP)
		add_row(task, sk, (struct tcp_sock *)sk, file, false);
	return wake_reader(ctx);
}
