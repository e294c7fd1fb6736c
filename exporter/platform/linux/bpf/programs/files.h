/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * File walk: an iterator over all processes that goes through their descriptor tables and makes a row of each TCP
 * socket. When the window is full, the program asks for the same process again, and the kernel returns to the reader,
 * which empties the window and reads on. So no row is lost, and no buffer grows with the host.
 *
 * Cache misses cost most of the time: from a descriptor to its file, the socket, the sock and the lines of it that are
 * read. The program does each of these steps for a batch of descriptors. The loads of one step do not depend on
 * each other, so the processor waits for many at once.
 *
 * The program holds no reference on the objects that it reads. A load from freed memory does no harm. The program keeps
 * a row if its descriptor refers to the same file after the row was read. The file, its socket and its sock then lived
 * all the while, unless the kernel freed the file and put a new one at the same address (since Linux 6.7 files are
 * SLAB_TYPESAFE_BY_RCU). The program withdraws all other rows.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_FILES_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_FILES_H

#include "exporter/platform/linux/bpf/programs/tasks.h"

#define S_IFMT        0170000
#define S_IFSOCK      0140000
#define SOCK_STREAM   1
#define IPPROTO_TCP   6
#define IPPROTO_MPTCP 262

/* The kernel sizes tables of descriptors in multiples of BITS_PER_LONG (alloc_fdtable() in fs/file.c). */
#define BATCH 64
/* Batches of one call, before the reader looks at the clock. Each makes the verifier's work longer: with 4 the program
 * loads in a tenth of a second, and the walk is no slower than with 16. */
#define BATCHES_OF_A_CALL 4
/* TCP sockets that are read of one Multipath TCP socket. The kernel makes at most 8 by itself
 * (MPTCP_SUBFLOWS_MAX in net/mptcp/pm.c). */
#define SUBFLOWS_MAX 16
_Static_assert(WINDOW_ROWS >= BATCH * SUBFLOWS_MAX, "every batch finds room in an empty window");

/* Words of fdtable.open_fds per read, and reads per call: one call passes over 32,768 empty descriptors. */
#define OPEN_WORDS      64
#define OPEN_WORD_READS 8

/* Words of open_fds: one bit per descriptor, one word per batch. */
__u64 open_words[OPEN_WORDS];

/* Addresses of kernel objects, by descriptor. */
struct {
	__u64 files[BATCH], files_after[BATCH];
	__u64 sockets[BATCH], socks[BATCH];
	__u64 multipath[BATCH]; /* the Multipath TCP sockets among them */
	__u32 has_multipath;
	__u32 overflow; /* subflows found no room */
	__u64 touched;
} batch;

/* Passes over batches without an open descriptor. Returns 1 if state.descriptor is at a batch with an open descriptor
 * or at the end of the table, 0 if more empty batches may follow. */
__noinline int skip_empty(void)
{
	struct fdtable *table = (struct fdtable *)state.table;
	__u32 words = BPF_CORE_READ(table, max_fds) / BATCH;
	const unsigned long *open = BPF_CORE_READ(table, open_fds);

	for (int i = 0; i < OPEN_WORD_READS; i++) {
		__u32 at = state.descriptor / BATCH, count = words - at;

		if (at >= words)
			return 1;
		if (count > OPEN_WORDS)
			count = OPEN_WORDS;
		if (bpf_probe_read_kernel(open_words, count * sizeof(open_words[0]), open + at) != 0)
			return 1;
		for (__u32 j = 0; j < OPEN_WORDS && j < count; j++) {
			if (open_words[j] != 0)
				return 1;
			state.descriptor += BATCH;
		}
	}
	return 0;
}

/* Reads the next batch of descriptors. Returns false at the end of the table. */
static __always_inline bool begin_batch(void)
{
	struct fdtable *table = (struct fdtable *)state.table;

	if (state.descriptor >= BPF_CORE_READ(table, max_fds))
		return false;
	state.first_row = window.row_count;
	__builtin_memset(batch.sockets, 0, sizeof(batch.sockets));
	__builtin_memset(batch.socks, 0, sizeof(batch.socks));
	batch.has_multipath = batch.overflow = 0;
	return bpf_probe_read_kernel(batch.files, sizeof(batch.files), BPF_CORE_READ(table, fd) + state.descriptor) ==
	       0;
}

/* Notes the task's descriptor table, which the kernel replaces when it grows. Returns false if the task has no table.
 */
static __always_inline bool enter_table(struct task_struct *task)
{
	struct files_struct *files = task->files;

	state.files = (__u64)files;
	state.table = files ? (__u64)BPF_CORE_READ(files, fdt) : 0;
	return state.table != 0;
}

/* Returns true if the file is a socket's. Learns the address of sockets' file operations from the first file that is a
 * socket's by its inode and its back reference. */
static __always_inline bool recognize_socket(struct file *file, const bool direct)
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

	batch.sockets[number] = recognize_socket(file, direct) ? (__u64)FIELD(file, private_data) : 0;
}

static __always_inline void find_sock(__u32 number, const bool direct)
{
	struct socket *socket = OBJECT(socket, batch.sockets[number]);

	batch.socks[number] = FIELD(socket, type) == SOCK_STREAM ? (__u64)FIELD(socket, sk) : 0;
}

/* Moves a socket that is not TCP to batch.multipath, if it is Multipath TCP. Returns true if it is. */
static __always_inline bool note_multipath(__u32 number, const bool direct)
{
	struct sock *sk = OBJECT(sock, batch.socks[number]);
	bool multipath = bpf_core_type_exists(struct mptcp_sock) && FIELD(sk, sk_protocol) == IPPROTO_MPTCP;

	batch.multipath[number] = multipath ? batch.socks[number] : 0;
	batch.socks[number] = 0;
	batch.has_multipath |= multipath;
	return multipath;
}

/* Keeps a socket in the batch if it is TCP. Loads the cache lines that fill_connection() reads. */
static __always_inline bool keep_tcp(__u32 number, const bool direct)
{
	struct sock *sk = OBJECT(sock, batch.socks[number]);
	struct tcp_sock *tp = OBJECT(tcp_sock, batch.socks[number]);
	__u16 family = FIELD(sk, __sk_common.skc_family);

	if ((family != AF_INET && family != AF_INET6) || FIELD(sk, sk_protocol) != IPPROTO_TCP)
		return note_multipath(number, direct);
	batch.touched += (__u64)FIELD(tp, copied_seq) + FIELD(tp, write_seq) + FIELD(tp, rcv_nxt);
	return true;
}

/* Returns false if the socket is in no table of the kernel. In TCP_SYN_SENT this is so until the kernel has found a
 * free local port: milliseconds if few are free. */
static __always_inline bool is_in_table(struct sock *sk, __u8 tcp_state, const bool direct)
{
	if (tcp_state == TCP_SYN_SENT)
		return FIELD(sk, __sk_common.skc_nulls_node.pprev) != NULL;
	return tcp_state != TCP_CLOSE;
}

/* Notes the port of a socket that is in no table of the kernel: the port is in use. */
static __always_inline void note_bound_port(struct sock *sk, const bool direct)
{
	__u16 port = FIELD(sk, __sk_common.skc_num);

	facts.bound_ports[port / 64] |= 1ull << (port % 64);
}

static __always_inline void add_row(__u32 number, const bool direct)
{
	struct sock *sk = OBJECT(sock, batch.socks[number]);
	struct net *net = FIELD(sk, __sk_common.skc_net.net);
	__u8 tcp_state = FIELD(sk, __sk_common.skc_state);
	bool in_table = is_in_table(sk, tcp_state, direct);
	__u32 index = window.row_count;
	struct window_row *row;

	if (!in_table && (__u64)net == reader.net)
		note_bound_port(sk, direct);
	if (!in_table || !(all_netns || (__u64)net == reader.net))
		return;
	if (index >= WINDOW_ROWS) {
		batch.overflow = 1;
		return;
	}
	row = &window.rows[index];
	enter_net(net);
	fill_common(row, sk, tcp_state, direct);
	row->task = (__u16)(window.task_count - 1);
	row->place = (__u8)number;
	row->flags |= ROW_HAS_FILE;
	if (tcp_state == TCP_LISTEN)
		fill_listener(row, sk, (struct file *)batch.files[number], direct);
	else
		fill_connection(row, sk, tcp_state, direct);
	window.row_count = index + 1;
}

static __always_inline __u64 next_subflow_of(__u64 multipath, struct list_head **node)
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

/* Returns the next of a Multipath TCP socket's TCP sockets, or 0 at the end of the list. A kernel without Multipath TCP
 * has no such types. */
static __always_inline __u64 next_subflow(__u64 multipath, struct list_head **node)
{
	if (!bpf_core_type_exists(struct mptcp_sock))
		return 0;
	return next_subflow_of(multipath, node);
}

/* Steps of a batch. They are global functions, since the verifier checks those once, not at each call. A failed load
 * reads as 0. */
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
	__noinline int keep_tcp_##how(__u32 number)                                                                    \
	{                                                                                                              \
		if (number >= BATCH)                                                                                   \
			return 0;                                                                                      \
		batch.multipath[number] = 0;                                                                           \
		return batch.socks[number] != 0 && keep_tcp(number, direct);                                           \
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

/* Withdraws the row if its descriptor refers to another file by now. */
__noinline int withdraw_if_changed(__u32 index)
{
	__u32 place;

	if (index >= WINDOW_ROWS)
		return 0;
	place = window.rows[index].place;
	if (place < BATCH && batch.files_after[place] != batch.files[place])
		window.rows[index].state = 0;
	return 0;
}

__noinline int withdraw_changed(void)
{
	for (__u32 i = 0; i < BATCH * SUBFLOWS_MAX && state.first_row + i < window.row_count; i++)
		withdraw_if_changed(state.first_row + i);
	return 0;
}

/* Returns true if the batch is done. It must be read again if the process has another table, or if the window was full:
 * in an empty window every batch finds room. */
static __always_inline bool end_batch(struct task_struct *task, const bool ordered)
{
	struct fdtable *table = (struct fdtable *)state.table;
	struct files_struct *files = (struct files_struct *)state.files;
	__u64 changes = 0;

	if (ordered)
		order_loads();
	else
		barrier();
	bpf_probe_read_kernel(batch.files_after, sizeof(batch.files_after),
	                      BPF_CORE_READ(table, fd) + state.descriptor);
	if (batch.overflow || (__u64)task->files != state.files || (__u64)BPF_CORE_READ(files, fdt) != state.table) {
		window.row_count = state.first_row;
		return false;
	}
	for (__u32 i = 0; i < BATCH; i++)
		changes |= batch.files[i] ^ batch.files_after[i];
	if (changes != 0)
		withdraw_changed();
	state.rows_seen += window.row_count - state.first_row;
	return true;
}

/* The program's return values: the next step of the kernel's iterator. */
enum { NEXT_TASK, RETURN_AND_SAME_TASK };

/* Returns true if the walk has read the task's table for another process. */
static __always_inline bool is_walked(void)
{
	return state.shared_files != 0 && state.descriptor == 0 && *shared_table_slot() == state.shared_files;
}

static __always_inline int end_task(void)
{
	if (state.shared_files != 0)
		*shared_table_slot() = state.shared_files;
	return NEXT_TASK;
}

#define WALK(task, how, ordered)                                                                                       \
	if (is_walked())                                                                                               \
		return add_task(task, true) ? NEXT_TASK : RETURN_AND_SAME_TASK;                                        \
	for (int i = 0; i < BATCHES_OF_A_CALL; i++) {                                                                  \
		__u32 count = 0;                                                                                       \
                                                                                                                       \
		if (!enter_table(task))                                                                                \
			return NEXT_TASK;                                                                              \
		if (!skip_empty())                                                                                     \
			continue;                                                                                      \
		if (!begin_batch())                                                                                    \
			return end_task();                                                                             \
		if (window.row_count > WINDOW_ROWS - BATCH || window.task_count >= WINDOW_ROWS)                        \
			break;                                                                                         \
		for (int j = 0; j < BATCH; j++)                                                                        \
			find_socket_##how(j);                                                                          \
		for (int j = 0; j < BATCH; j++)                                                                        \
			find_sock_##how(j);                                                                            \
		for (int j = 0; j < BATCH; j++)                                                                        \
			count += keep_tcp_##how(j);                                                                    \
		if (count != 0 && !state.has_task && !add_task(task, false))                                           \
			break;                                                                                         \
		for (int j = 0; count != 0 && j < BATCH; j++)                                                          \
			add_row_##how(j);                                                                              \
		if (batch.has_multipath)                                                                               \
			add_multipath_##how();                                                                         \
		if (count == 0 || end_batch(task, ordered))                                                            \
			state.descriptor += BATCH;                                                                     \
	}                                                                                                              \
	return RETURN_AND_SAME_TASK

#define FILES_PROGRAM(name, how, ordered)                                                                              \
	SEC("iter/task")                                                                                               \
	int name(struct bpf_iter__task *ctx)                                                                           \
	{                                                                                                              \
		struct task_struct *task = ctx->task;                                                                  \
                                                                                                                       \
		if (!task || !enter_task(task))                                                                        \
			return NEXT_TASK;                                                                              \
		WALK(task, how, ordered);                                                                              \
	}

/* For Linux 6.2, for Linux 5.12, and for Linux 5.8, where another processor than x86 may run the loads in another
 * order. */
FILES_PROGRAM(files_directly, directly, true)
FILES_PROGRAM(files_by_helper, by_helper, true)
FILES_PROGRAM(files_unordered, by_helper, false)

#endif
