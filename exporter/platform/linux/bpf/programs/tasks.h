/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Which tasks' descriptors the iterator over files goes through, and what a row tells of their process. */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TASKS_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_TASKS_H

#include "exporter/platform/linux/bpf/programs/row.h"

static __always_inline void begin_walk(void)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct net *net = BPF_CORE_READ(reader, nsproxy, net_ns);

	state.level = BPF_CORE_READ(reader, thread_pid, level);
	state.own_netns = BPF_CORE_READ(net, ns.inum);
	state.keepalive_jiffies = (__u32)BPF_CORE_READ(net, ipv4.sysctl_tcp_keepalive_time);
}

/* Threads share their files: whether those of the main thread stand for the task's, or, if that has ended, those of the
 * next. */
static __always_inline bool is_stood_for(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *next;

	if (task->pid == task->tgid || task->files == leader->files)
		return task->pid != task->tgid;
	next = (struct task_struct *)((char *)BPF_CORE_READ(leader, thread_node.next) -
	                              bpf_core_field_offset(struct task_struct, thread_node));
	return !leader->files && next != task && BPF_CORE_READ(next, files) == task->files;
}

/* Whether the task's descriptors are to be gone through, from state.descriptor on. */
static __always_inline bool enter_task(struct task_struct *task)
{
	if (state.task == (__u64)task && state.tid == (__u32)task->pid)
		return true;
	if (is_stood_for(task))
		return false;
	if (state.task == 0)
		begin_walk();
	state.task = (__u64)task;
	state.tid = (__u32)task->pid;
	state.descriptor = 0;
	state.has_task = 0;
	return true;
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

/* Enters the process into the window. False: no room. */
static __always_inline bool add_task(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	/* By the helper, since Linux 6.1 and others refuse to add to a pointer that was read directly. */
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	struct window_task *entry;
	__u32 index = state.task_count;

	if (index >= WINDOW_ROWS)
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

#endif
