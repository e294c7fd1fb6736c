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
 * The program holds no reference on what it reads. A load from memory that was freed reads whatever is there, and
 * does no harm. A row is kept if its descriptor refers to the same file after the row was read: the file, its socket
 * and its sock then lived all the while, unless the same memory was freed and made the same file's again in between
 * (since Linux 6.7 files are SLAB_TYPESAFE_BY_RCU). Other rows are withdrawn.
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
/* Batches before the reader is woken to look at the clock. With each the verifier takes longer to follow them all: with
 * 4 the program is loaded in a tenth of a second, and the walk is no slower than with 16. */
#define BATCHES_OF_A_CALL 4
/* TCP sockets of a Multipath TCP socket that are looked at. The kernel makes no more than 8 by itself
 * (MPTCP_SUBFLOWS_MAX in net/mptcp/pm.c). */
#define SUBFLOWS_MAX 16
_Static_assert(WINDOW_ROWS >= BATCH * SUBFLOWS_MAX, "every batch finds room in an empty window");

/* Words of fdtable.open_fds that are read at once, and how often in one call: each call passes over as many empty
 * batches as 32,768 descriptors. */
#define OPEN_WORDS      64
#define OPEN_WORD_READS 8

/* open_fds, a bit per descriptor: a word per batch. */
__u64 open_words[OPEN_WORDS];

/* Addresses of kernel objects, by descriptor. */
struct {
	__u64 files[BATCH], files_after[BATCH];
	__u64 sockets[BATCH], socks[BATCH];
	__u64 multipath[BATCH]; /* Multipath TCP sockets */
	__u32 has_multipath;
	__u32 overflow; /* subflows found no room */
	__u64 touched;
} batch;

/* Passes over batches without an open descriptor. Returns 1 if state.descriptor has arrived at one that has some, or
 * at the end of the table, 0 if there may be more of them to pass over. */
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

/* Reads the batch of descriptors that comes next. Returns false if there are no more. */
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

/* Notes the task's table of descriptors, which the kernel replaces when it grows. Returns false if there is none. */
static __always_inline bool enter_table(struct task_struct *task)
{
	struct files_struct *files = task->files;

	state.files = (__u64)files;
	state.table = files ? (__u64)BPF_CORE_READ(files, fdt) : 0;
	return state.table != 0;
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

/* A socket in TCP_CLOSE is in none of the kernel's tables. If it has a port, it is bound to it. */
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
	__u32 index = window.row_count;
	struct window_row *row;

	if (tcp_state == TCP_CLOSE && (__u64)net == facts.net)
		note_bound_port(sk, direct);
	if (tcp_state == TCP_CLOSE || !(all_netns || (__u64)net == facts.net))
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

/* Goes on in the list of a Multipath TCP socket's TCP sockets. Returns 0 at its end, or if what is there is none. A
 * kernel without Multipath TCP has no such types. */
static __always_inline __u64 next_subflow(__u64 multipath, struct list_head **node)
{
	if (!bpf_core_type_exists(struct mptcp_sock))
		return 0;
	return next_subflow_of(multipath, node);
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
static __always_inline bool end_batch(struct task_struct *task)
{
	struct fdtable *table = (struct fdtable *)state.table;
	struct files_struct *files = (struct files_struct *)state.files;
	__u64 changes = 0;

	order_loads();
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

/* The program's answers: what the kernel does next. */
enum { NEXT_TASK, RETURN_AND_SAME_TASK };

/* Returns true if the walk has been through the task's table for another process. */
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

#define WALK(task, how)                                                                                                \
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
			count += is_tcp_##how(j);                                                                      \
		if (count != 0 && !state.has_task && !add_task(task, false))                                           \
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
int files_directly(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !enter_task(task))
		return NEXT_TASK;
	WALK(task, directly);
}

/* Linux 5.8 and later. */
SEC("iter/task")
int files_by_helper(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !enter_task(task))
		return NEXT_TASK;
	WALK(task, by_helper);
}

#endif
