/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * An iterator over every process that goes through its table of descriptors: each TCP socket becomes a
 * row. When the window is full the program asks for the same process again, and the kernel returns to
 * the reader, which empties the window and reads on. So nothing is lost and nothing grows with the host.
 *
 * What costs time is memory that is in no cache: from a descriptor to its file, the socket, the sock and
 * the lines of it that are read. A batch of descriptors is taken through these steps together: the loads
 * of one step do not depend on each other, so that the processor waits for many at a time.
 *
 * The program holds no reference on what it reads. A load from memory that was freed is harmless, and a
 * descriptor that still refers to the same file afterwards has kept it, its socket and its sock alive:
 * other rows are taken back.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_FILES_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_FILES_H

#include "exporter/platform/linux/bpf/programs/tasks.h"

#define S_IFMT        0170000
#define S_IFSOCK      0140000
#define TCP_CLOSE     7
#define TCP_LISTEN    10
#define SOCK_STREAM   1
#define IPPROTO_TCP   6
#define IPPROTO_MPTCP 262

/* The kernel sizes tables of descriptors in multiples of BITS_PER_LONG (alloc_fdtable() in fs/file.c). */
#define BATCH 64
/* Batches before the reader is woken to look at the clock. With each the verifier takes longer to follow them all: with
 * 4 the program is loaded in a tenth of a second, and the walk is no slower than with 16. */
#define BATCHES_OF_A_CALL 4
/* TCP sockets of a Multipath TCP socket that are looked at. The kernel makes no more than 8 by itself
 * (MPTCP_SUBFLOWS_MAX in net/mptcp/pm.c). */
#define SUBFLOWS_MAX 16
_Static_assert(WINDOW_ROWS >= BATCH * SUBFLOWS_MAX, "every batch finds room in an empty window");

/* Rows of every network namespace, not only of the reader's. */
const volatile __u8 all_netns;

/* Addresses of kernel objects, by descriptor. */
struct {
	__u64 files[BATCH], files_after[BATCH];
	__u64 sockets[BATCH], socks[BATCH];
	__u64 multipath[BATCH]; /* Multipath TCP sockets */
	__u32 has_multipath;
	__u32 overflow; /* subflows found no room */
	__u64 touched;
} batch;

/* Reads the batch of descriptors that comes next. False: there are no more. */
static __always_inline bool begin_batch(struct task_struct *task)
{
	struct files_struct *files = task->files;
	struct fdtable *table;

	if (!files)
		return false;
	table = BPF_CORE_READ(files, fdt);
	if (state.descriptor >= BPF_CORE_READ(table, max_fds))
		return false;
	state.files = (__u64)files;
	state.table = (__u64)table;
	state.first_row = state.row_count;
	__builtin_memset(batch.sockets, 0, sizeof(batch.sockets));
	__builtin_memset(batch.socks, 0, sizeof(batch.socks));
	batch.has_multipath = batch.overflow = 0;
	return bpf_probe_read_kernel(batch.files, sizeof(batch.files), BPF_CORE_READ(table, fd) + state.descriptor) ==
	       0;
}

/* The address of the operations that sockets' files have is learnt from the first file that is one for certain. */
static __always_inline bool is_socket(struct file *file, const bool direct)
{
	__u64 operations = (__u64)FIELD(file, f_op);
	struct socket *socket;

	if (state.socket_operations != 0)
		return operations == state.socket_operations;
	socket = OBJECT(socket, FIELD(file, private_data));
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK || FIELD(socket, file) != file)
		return false;
	state.socket_operations = operations;
	return true;
}

static __always_inline void find_socket(__u32 number, const bool direct)
{
	struct file *file = OBJECT(file, batch.files[number]);

	batch.sockets[number] = is_socket(file, direct) ? (__u64)FIELD(file, private_data) : 0;
}

static __always_inline void find_sock(__u32 number, const bool direct)
{
	struct socket *socket = OBJECT(socket, batch.sockets[number]);

	batch.socks[number] = FIELD(socket, type) == SOCK_STREAM ? (__u64)FIELD(socket, sk) : 0;
}

/* Puts a socket that is not TCP aside, if it is Multipath TCP. */
static __always_inline bool is_multipath(__u32 number, const bool direct)
{
	struct sock *sk = OBJECT(sock, batch.socks[number]);
	bool multipath = bpf_core_type_exists(struct mptcp_sock) && FIELD(sk, sk_protocol) == IPPROTO_MPTCP;

	batch.multipath[number] = multipath ? batch.socks[number] : 0;
	batch.socks[number] = 0;
	batch.has_multipath |= multipath;
	return multipath;
}

/* Also brings the lines that fill_connection() reads into the cache. */
static __always_inline bool is_tcp(__u32 number, const bool direct)
{
	struct sock *sk = OBJECT(sock, batch.socks[number]);
	struct tcp_sock *tp = OBJECT(tcp_sock, batch.socks[number]);
	__u16 family = FIELD(sk, __sk_common.skc_family);

	if ((family != AF_INET && family != AF_INET6) || FIELD(sk, sk_protocol) != IPPROTO_TCP)
		return is_multipath(number, direct);
	batch.touched += (__u64)FIELD(tp, copied_seq) + FIELD(tp, write_seq) + FIELD(tp, rcv_nxt);
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

static __always_inline void fill_listener(struct window_row *row, struct sock *sk, struct tcp_sock *tp,
                                          struct file *file, const bool direct)
{
	row->inode = (__u32)BPF_CORE_READ(file, f_inode, i_ino);
	row->receive_queue = FIELD(sk, sk_ack_backlog);
	row->send_queue = FIELD(sk, sk_max_ack_backlog);
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only))
		row->flags |= ROW_V6_ONLY;
	if (FIELD(tp, inet_conn.icsk_accept_queue.qlen.counter) > 0)
		row->flags |= ROW_REQUESTS;
}

/* Sockets in TCP_CLOSE are in no table of the kernel's: neither bound alone nor reset do they count. */
static __always_inline void add_row(__u32 number, const bool direct)
{
	struct sock *sk = OBJECT(sock, batch.socks[number]);
	struct tcp_sock *tp = OBJECT(tcp_sock, batch.socks[number]);
	struct file *file = OBJECT(file, batch.files[number]);
	__u8 tcp_state = FIELD(sk, __sk_common.skc_state);
	__u32 index = state.row_count;
	struct window_row *row;

	if (tcp_state == TCP_CLOSE || !enter_net(FIELD(sk, __sk_common.skc_net.net)))
		return;
	if (index >= WINDOW_ROWS) {
		batch.overflow = 1;
		return;
	}
	row = &window.rows[index];
	row->identity = (__u64)sk;
	row->netns = state.net_inum;
	row->ports = state.net_ports;
	row->task = (__u16)(state.task_count - 1);
	row->state = tcp_state;
	row->flags = 0;
	row->place = (__u8)number;
	row->local_port = FIELD(sk, __sk_common.skc_num);
	row->remote_port = FIELD(sk, __sk_common.skc_dport);
	row->device = (__u32)FIELD(sk, __sk_common.skc_bound_dev_if);
	fill_addresses(row, sk, FIELD(sk, __sk_common.skc_family), direct);
	if (tcp_state == TCP_LISTEN)
		fill_listener(row, sk, tp, file, direct);
	else
		fill_connection(row, tp, tcp_state, direct);
	state.row_count = index + 1;
}

/* Goes on in the list of a Multipath TCP socket's TCP sockets. 0: it is at its end, or what is there is none. */
static __always_inline __u64 next_subflow(__u64 multipath, struct list_head **node)
{
	__u64 head = multipath + bpf_core_field_offset(struct mptcp_sock, conn_list);
	struct list_head *last = *node ? *node : (struct list_head *)head;
	struct mptcp_subflow_context *subflow;

	*node = BPF_CORE_READ(last, next);
	subflow = (struct mptcp_subflow_context *)((char *)*node -
	                                           bpf_core_field_offset(struct mptcp_subflow_context, node));
	if ((__u64)*node == head || (__u64)BPF_CORE_READ(subflow, conn) != multipath)
		return 0;
	return (__u64)BPF_CORE_READ(subflow, tcp_sock);
}

/* Steps of a batch. Global functions: the verifier looks at each once, not at each call. What is not there reads as 0.
 */
#define STEPS(how, direct)                                                                                             \
	__noinline int find_socket_##how(__u32 number)                                                                 \
	{                                                                                                              \
		if (number < BATCH)                                                                                    \
			find_socket(number, direct);                                                                   \
		return 0;                                                                                              \
	}                                                                                                              \
	__noinline int find_sock_##how(__u32 number)                                                                   \
	{                                                                                                              \
		if (number < BATCH && batch.sockets[number] != 0)                                                      \
			find_sock(number, direct);                                                                     \
		return 0;                                                                                              \
	}                                                                                                              \
	__noinline int is_tcp_##how(__u32 number)                                                                      \
	{                                                                                                              \
		if (number >= BATCH)                                                                                   \
			return 0;                                                                                      \
		batch.multipath[number] = 0;                                                                           \
		return batch.socks[number] != 0 && is_tcp(number, direct);                                             \
	}                                                                                                              \
	__noinline int add_row_##how(__u32 number)                                                                     \
	{                                                                                                              \
		if (number < BATCH && batch.socks[number] != 0)                                                        \
			add_row(number, direct);                                                                       \
		return 0;                                                                                              \
	}                                                                                                              \
	__noinline int add_subflow_##how(__u32 number, __u64 sock)                                                     \
	{                                                                                                              \
		if (number >= BATCH)                                                                                   \
			return 0;                                                                                      \
		batch.socks[number] = sock;                                                                            \
		return add_row_##how(number);                                                                          \
	}                                                                                                              \
	__noinline int add_subflows_##how(__u32 number, __u64 multipath)                                               \
	{                                                                                                              \
		struct list_head *node = NULL;                                                                         \
		__u64 sock;                                                                                            \
                                                                                                                       \
		for (int i = 0; i < SUBFLOWS_MAX && (sock = next_subflow(multipath, &node)) != 0; i++)                 \
			add_subflow_##how(number, sock);                                                               \
		return 0;                                                                                              \
	}                                                                                                              \
	__noinline int add_multipath_##how(void)                                                                       \
	{                                                                                                              \
		for (int i = 0; i < BATCH; i++)                                                                        \
			if (batch.multipath[i] != 0)                                                                   \
				add_subflows_##how(i, batch.multipath[i]);                                             \
		return 0;                                                                                              \
	}

STEPS(directly, true)
STEPS(by_helper, false)

/* Takes back the row if its descriptor refers to another file by now. */
__noinline int take_back_if_changed(__u32 index)
{
	__u32 place;

	if (index >= WINDOW_ROWS)
		return 0;
	place = window.rows[index].place;
	if (place < BATCH && batch.files_after[place] != batch.files[place])
		window.rows[index].state = 0;
	return 0;
}

__noinline int take_back_changed(void)
{
	for (__u32 i = 0; i < BATCH * SUBFLOWS_MAX && state.first_row + i < state.row_count; i++)
		take_back_if_changed(state.first_row + i);
	return 0;
}

/* Whether the batch is done; else it is to be read again: the process has a new table, or the window was full. In one
 * that is empty every batch finds room. */
static __always_inline bool end_batch(struct task_struct *task)
{
	struct fdtable *table = (struct fdtable *)state.table;
	struct files_struct *files = (struct files_struct *)state.files;
	__u64 changes = 0;

	bpf_probe_read_kernel(batch.files_after, sizeof(batch.files_after),
	                      BPF_CORE_READ(table, fd) + state.descriptor);
	if (batch.overflow || (__u64)task->files != state.files || (__u64)BPF_CORE_READ(files, fdt) != state.table) {
		state.row_count = state.first_row;
		return false;
	}
	for (__u32 i = 0; i < BATCH; i++)
		changes |= batch.files[i] ^ batch.files_after[i];
	if (changes != 0)
		take_back_changed();
	state.rows_seen += state.row_count - state.first_row;
	return true;
}

/* The program's answers: what the kernel does next. */
enum { NEXT_TASK, RETURN_AND_SAME_TASK };

#define WALK(task, how)                                                                                                \
	for (int i = 0; i < BATCHES_OF_A_CALL; i++) {                                                                  \
		__u32 count = 0;                                                                                       \
                                                                                                                       \
		if (!begin_batch(task))                                                                                \
			return NEXT_TASK;                                                                              \
		if (state.row_count > WINDOW_ROWS - BATCH || state.task_count >= WINDOW_ROWS)                          \
			break;                                                                                         \
		for (int j = 0; j < BATCH; j++)                                                                        \
			find_socket_##how(j);                                                                          \
		for (int j = 0; j < BATCH; j++)                                                                        \
			find_sock_##how(j);                                                                            \
		for (int j = 0; j < BATCH; j++)                                                                        \
			count += is_tcp_##how(j);                                                                      \
		if (count != 0 && !state.has_task && !add_task(task))                                                  \
			break;                                                                                         \
		for (int j = 0; count != 0 && j < BATCH; j++)                                                          \
			add_row_##how(j);                                                                              \
		if (batch.has_multipath)                                                                               \
			add_multipath_##how();                                                                         \
		if (count == 0 || end_batch(task))                                                                     \
			state.descriptor += BATCH;                                                                     \
	}                                                                                                              \
	return RETURN_AND_SAME_TASK

/* Linux 6.2 and later. */
SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !enter_task(task))
		return NEXT_TASK;
	WALK(task, directly);
}

/* Linux 5.8 and later. */
SEC("iter/task")
int tasks_by_helper(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !enter_task(task))
		return NEXT_TASK;
	WALK(task, by_helper);
}

#endif
