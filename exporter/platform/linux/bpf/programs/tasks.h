/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Tasks: decides whose descriptors the file walk reads, and enters their processes into the window. */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TASKS_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TASKS_H

#include "exporter/platform/linux/bpf/programs/nets.h"

/* Shared descriptor tables that the walk has read, by a hash of their address. Two tables with the same hash are read
 * once per process. */
#define SHARED_TABLES 4096
__u64 shared_tables[SHARED_TABLES];

static __always_inline struct upid *upid_at(struct pid *pid, __u32 level)
{
	char *numbers = (char *)pid + bpf_core_field_offset(struct pid, numbers);

	return (struct upid *)(numbers + level * bpf_core_type_size(struct upid));
}

static __always_inline void begin_walk(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct net *net = BPF_CORE_READ(task, nsproxy, net_ns);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *upid;

	reader.net = (__u64)net;
	reader.level = BPF_CORE_READ(pid, level);
	upid = upid_at(pid, reader.level);
	reader.pid_namespace = (__u64)BPF_CORE_READ(upid, ns);
	facts.net_inum = BPF_CORE_READ(net, ns.inum);
	facts.keepalive_jiffies = (__u32)BPF_CORE_READ(net, ipv4.sysctl_tcp_keepalive_time);
	facts.began = bpf_jiffies64();
	note_net((__u64)net);
}

/* Returns true if the task's files are those of its main thread, or of the next thread if the main thread has ended. */
static __always_inline bool is_stood_for(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *next;

	if (task->pid == task->tgid || task->files == leader->files)
		return task->pid != task->tgid;
	next = (struct task_struct *)((char *)BPF_CORE_READ(leader, thread_node.next) -
	                              bpf_core_field_offset(struct task_struct, thread_node));
	return !leader->files && next != task && BPF_CORE_READ(next, files) == task->files;
}

/* Returns the slot of the task's shared table. The addresses of kernel objects differ in their middle bits. */
static __always_inline __u64 *shared_table_slot(void)
{
	return &shared_tables[(state.shared_files >> 6) % SHARED_TABLES];
}

/* Starts with the task's descriptors. */
static __always_inline void begin_task(struct task_struct *task)
{
	struct files_struct *files = task->files;

	state.task = (__u64)task;
	state.tid = (__u32)task->pid;
	state.descriptor = 0;
	state.has_task = 0;
	state.shared_files = 0;
	if (files && BPF_CORE_READ(files, count.counter) > BPF_CORE_READ(task, signal, nr_threads))
		state.shared_files = (__u64)files;
	if (all_netns && task->nsproxy)
		note_net((__u64)BPF_CORE_READ(task, nsproxy, net_ns));
}

/* Returns true if the walk reads the task's descriptors, from state.descriptor on. */
static __always_inline bool enter_task(struct task_struct *task)
{
	if (state.task == (__u64)task && state.tid == (__u32)task->pid)
		return true;
	if (is_stood_for(task))
		return false;
	if (state.task == 0)
		begin_walk();
	begin_task(task);
	return true;
}

/* Adds the process to the window. Returns false if the window has no room. */
static __always_inline bool add_task(struct task_struct *task, bool again)
{
	struct task_struct *leader = task->group_leader;
	/* By the helper, since Linux 6.1 and others refuse to add to a pointer that was read directly. */
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	struct upid *seen = upid_at(pid, reader.level), *own = upid_at(pid, BPF_CORE_READ(pid, level));
	struct window_task *entry;
	__u32 index = window.task_count;

	if (index >= WINDOW_ROWS)
		return false;
	entry = &window.tasks[index];
	entry->start = leader->start_boottime;
	entry->files = state.shared_files;
	entry->pid = (__u32)BPF_CORE_READ(seen, nr);
	entry->nested = BPF_CORE_READ(pid, level) > 0;
	entry->init = BPF_CORE_READ(own, nr) == 1;
	entry->thread = task->pid != task->tgid;
	entry->again = again;
	bpf_core_read(entry->comm, sizeof(entry->comm), &leader->comm);
	window.task_count = index + 1;
	state.has_task = 1;
	return true;
}

#endif
