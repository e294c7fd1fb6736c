/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the BPF programs and their reader share: a window of rows that a program fills and the reader
 * empties, over and over while the program walks. Its size is fixed: what the host has never makes it grow.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_WINDOW_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_WINDOW_H

#include <linux/types.h>

/* Rows of a window: so few that they stay in the cache, so many that a system call for them does not count. */
#define WINDOW_ROWS 1024
#define WINDOW_COMM 16

/* window_row.flags */
enum {
	ROW_V6_ONLY = 1 << 0,   /* a listener that takes no IPv4-mapped connections */
	ROW_REQUESTS = 1 << 1,  /* a listener with handshakes that are not complete (SYN_RECV) */
	ROW_NO_SOCKET = 1 << 2, /* a connection that is closed, or not complete: sockstat does not count it */
};

/* A TCP socket, or what the kernel has instead of one. Of an IPv4 socket the first four bytes of an address count. */
struct window_row {
	__u64 identity;      /* equal for the same socket, different for others of the same walk */
	__u32 inode;         /* of a listener */
	__u32 netns;         /* the namespace's inode number */
	__u32 ports;         /* that namespace's ip_local_port_range: the higher end << 16 | the lower */
	__u32 receive_queue; /* as the kernel counts it, FIN included; of a listener: connections to accept */
	__u32 send_queue;    /* the same, SYN and FIN included; of a listener: the most there may be to accept */
	__u32 quiet;         /* jiffies since the peer's last segment; in CLOSE_WAIT only */
	__u32 device;        /* the interface that it is bound to; 0: none */
	__u16 local_port;    /* host byte order */
	__be16 remote_port;  /* network byte order */
	__u16 task;          /* index into the window's tasks; of a connection of the kernel's table no meaning */
	__u8 family;         /* 4 or 6 */
	__u8 state;          /* the kernel's number; 0: the row was taken back */
	__u8 flags;
	__u8 place; /* of the descriptor in its batch: of the walk over files */
	__u8 local[16];
	__u8 remote[16];
};

/* A process that holds some: of the walk over files. */
struct window_task {
	__u64 start; /* nanoseconds after boot */
	__u32 pid;   /* in the reader's PID namespace */
	__u8 init;   /* whether it is PID 1 of its own PID namespace */
	__u8 thread; /* the files are those of a thread that does not share the main thread's */
	char comm[WINDOW_COMM];
};

struct window {
	struct window_row rows[WINDOW_ROWS];
	struct window_task tasks[WINDOW_ROWS];
};

/* What the walk over files and the reader tell each other, besides the window; of the other walk, the counts alone.
 * The reader sets all of it to 0 for a new walk. */
struct files_state {
	__u64 rows_seen; /* by the program, in this walk */

	/* Set to 0 by the reader when it has emptied the window. */
	__u32 row_count;
	__u32 task_count;
	__u32 has_task; /* whether the last of the window's tasks is the one whose files come */

	__u32 own_netns;         /* the inode number of the reader's network namespace */
	__u32 keepalive_jiffies; /* net.ipv4.tcp_keepalive_time of that namespace */

	/* The program's own. */
	__u64 task;              /* whose files come; 0: the walk begins */
	__u64 files, table;      /* of the batch */
	__u64 socket_operations; /* of every socket's file; 0: not met yet */
	__u64 net;               /* the namespace that net_inum and net_ports are of */
	__u32 net_inum;
	__u32 net_ports;
	__u32 tid;        /* of `task` */
	__u32 descriptor; /* the first of the batch */
	__u32 first_row;  /* of the batch */
	__u32 level;      /* of the reader's PID namespace */
};

/* The same for the walk over the kernel's table of connections, which fills the same window. */
struct connections_state {
	/* Set by the reader. Bit N: the kernel's state N (sk_state, which is TIME_WAIT of what it keeps of closed
	 * connections in FIN_WAIT2 as well, and NEW_SYN_RECV of handshakes). */
	__u32 ownerless_states; /* connections that no process holds */
	__u32 port_states;      /* connections at one of the ports, whoever holds them */
	__u64 ports[65536 / 64];

	__u32 incomplete; /* the table cannot be read by this program */

	/* The program's own, set to 0 by the reader. */
	__u64 table; /* 0: the walk begins */
	__u64 net;   /* the reader's network namespace */
	__u32 mask;  /* buckets - 1 */
	__u32 bucket;
	__u32 moves; /* how often the buckets that come next were read again */
};

#endif
