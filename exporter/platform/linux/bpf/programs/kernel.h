/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The kernel's structures, as far as the BPF programs read them. libbpf finds each field's place in the
 * running kernel's BTF when it loads the programs (CO-RE): the order here means nothing, and a name's
 * part after "___" is a flavour, for a field whose type changed from one kernel to another.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_KERNEL_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

/* Linux 6.8 packed the two ends into one word: the higher one above the lower one. */
struct local_ports {
	__u32 range;
};
struct local_ports___ends {
	int range[2];
};

/* A chain ends with a number instead of an address: its bucket's, twice, plus 1 (linux/list_nulls.h). */
struct hlist_nulls_node {
	struct hlist_nulls_node *next;
	struct hlist_nulls_node **pprev; /* NULL: in no table */
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
};

struct inet_listen_hashbucket {
	struct hlist_nulls_head nulls_head;
};

/* The ehash holds connections, timewait minisockets and request sockets; lhash2 holds listeners. */
struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	unsigned int ehash_mask;
	unsigned int lhash2_mask;
	struct inet_listen_hashbucket *lhash2;
};

struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo;
};

struct netns_ipv4 {
	struct local_ports ip_local_ports;
	int sysctl_tcp_keepalive_time;
	struct inet_timewait_death_row tcp_death_row;
};
struct netns_ipv4___ends {
	struct local_ports___ends ip_local_ports;
};

struct net {
	struct ns_common ns;
	struct netns_ipv4 ipv4;
};
struct net___ends {
	struct netns_ipv4___ends ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	struct hlist_nulls_node skc_nulls_node;
};

struct timer_list {
	unsigned long expires;
};

/* Timewait minisocket: in FIN_WAIT2 or TIME_WAIT, as tw_substate says. */
struct inet_timewait_sock {
	unsigned char tw_substate;
	struct timer_list tw_timer;
};

struct socket;

/* A process owns the lock while it works on a sock. Work in a softirq does not own it. */
typedef struct {
	int owned;
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	__u16 sk_protocol;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	atomic_t sk_drops;
	struct socket *sk_socket;
};

struct inet_sock {
	__be16 inet_sport;
};

struct request_sock_queue {
	atomic_t qlen;
};

struct inet_connection_sock {
	struct request_sock_queue icsk_accept_queue;
	__u8 icsk_retransmits;
	__u8 icsk_pending;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 copied_seq;
	__u32 rcv_nxt;
	__u32 write_seq;
	__u32 snd_una;
	__u32 rcv_tstamp;
};

struct list_head {
	struct list_head *next;
};

/* A Multipath TCP socket: the TCP sockets that it consists of are in a list. */
struct mptcp_sock {
	struct list_head conn_list;
};

struct mptcp_subflow_context {
	struct list_head node;
	struct sock *conn; /* the Multipath TCP socket */
	struct sock *tcp_sock;
};

struct file;

struct socket {
	short type;
	struct file *file;
	struct sock *sk;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file_operations;

struct file {
	const struct file_operations *f_op;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds; /* a bit per descriptor */
};

struct files_struct {
	atomic_t count; /* of the tasks that use it */
	struct fdtable *fdt;
};

struct signal_struct {
	int nr_threads;
};

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct list_head thread_node; /* in the list of the process's threads, the main one first */
	struct pid *thread_pid;
	struct files_struct *files;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	__u64 start_boottime;
	char comm[16];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
};

#pragma clang attribute pop

#endif
