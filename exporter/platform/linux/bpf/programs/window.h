/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Window: the rows that a BPF program hands to its reader. The program fills the window, the reader empties it,
 * until the walk is complete. The window has a fixed size, however many sockets the host has.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_WINDOW_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_WINDOW_H

#include <linux/types.h>

/* The program has 64 bits. On a processor of 32 bits the reader's compiler would align 8-byte fields to 4. */

/* Rows of a window: few enough to stay in the cache, enough to make the system call per window cheap. */
#define WINDOW_ROWS 1024
/* Candidates of a window. One bucket of a table must not hold more sockets. */
#define WINDOW_CANDIDATES 8192
#define WINDOW_COMM       16
/* Tables of connections: the one that network namespaces share, and one per namespace that has its own
 * (net.ipv4.tcp_child_ehash_entries). */
#define WINDOW_TABLES 1024
/* Notes about closed connections. A note costs about 150 bytes of kernel memory, so all cost 10 MB. Most hosts have
 * fewer connections in TIME_WAIT. */
#define CLOSED_NOTES 65536

/* window_row.flags */
enum {
	ROW_V6_ONLY = 1 << 0,  /* a listener that accepts no IPv4-mapped connections */
	ROW_REQUESTS = 1 << 1, /* a listener with request sockets (SYN_RECV) */
	ROW_OLD = 1 << 2,      /* a timewait minisocket that is older than the walk over files */
	ROW_HAS_FILE = 1 << 3, /* the socket was given to a process or to the kernel: sock_diag shows its inode */
	ROW_CLOSED = 1 << 4,   /* `task` is the process that closed the connection */
	/* The retransmission timer has expired, and the peer has acknowledged nothing since. */
	ROW_RETRANSMITTING = 1 << 5,
	ROW_ZERO_WINDOW = 1 << 6, /* the persist timer is pending: the peer's window is closed */
};

/* A TCP socket, a timewait minisocket or a request socket. The first four bytes of an IPv4 address count. */
struct window_row {
	__aligned_u64 identity; /* the sock's address in the kernel */
	__u32 inode;            /* of a listener; 0: the kernel's own */
	__u32 netns;            /* the namespace's inode number */
	__u32 ports;            /* that namespace's ip_local_port_range: the higher end << 16 | the lower */
	__u32 receive_queue;    /* as the kernel counts it, FIN included; of a listener: connections to accept */
	__u32 send_queue;       /* the same, SYN and FIN included; of a listener: the most there may be to accept */
	union {
		__u32 quiet; /* jiffies since the peer's last segment; in CLOSE_WAIT only */
		__u32 drops; /* of a listener: connection attempts that the kernel has dropped */
	};
	__u32 device;       /* the interface that it is bound to; 0: none */
	__u16 local_port;   /* host byte order */
	__be16 remote_port; /* network byte order */
	__u16 task;         /* index into the window's tasks; of the walk over files, or with ROW_CLOSED */
	__u8 family;        /* 4 or 6 */
	__u8 state;         /* the kernel's number; 0: the row was withdrawn */
	__u8 flags;
	__u8 place; /* of the descriptor in its batch; only of the walk over files */
	__u8 local[16];
	__u8 remote[16];
};

/* A process that holds sockets, or that closed a connection: then only start, pid and comm are set. */
struct window_task {
	__aligned_u64 start; /* nanoseconds after boot */
	__aligned_u64 files; /* the descriptor table, if several processes share it; else 0 */
	__u32 pid;           /* in the reader's PID namespace */
	__u8 init;           /* it is PID 1 of its own PID namespace, */
	__u8 nested;         /* which is not the initial one */
	__u8 thread;         /* the table belongs to a thread that does not share the main thread's */
	__u8 again; /* the walk has been through the table: the process holds the same sockets, and no rows follow */
	char comm[WINDOW_COMM];
};

/* Key of a note about a closed connection. IPv4 addresses are mapped (RFC 4291, 2.5.5.2). */
struct closed_key {
	__be32 local[4], remote[4];
	__u32 netns, device;
	__u16 local_port;   /* host byte order */
	__be16 remote_port; /* network byte order */
};

/* The process that closed it. With this size, a note is two cache lines of the kernel's map. */
struct closer {
	__aligned_u64 start;
	__u32 pid;
	__u32 unused;
	char comm[WINDOW_COMM];
};

/* The reader clears the counts when it has emptied the window. */
struct window {
	__u32 row_count, task_count, candidate_count;
	struct window_row rows[WINDOW_ROWS];
	struct window_task tasks[WINDOW_ROWS];
	__aligned_u64 candidates[WINDOW_CANDIDATES]; /* identities of socks in the kernel's tables */
};

/* State of a run, which the reader and the program share in addition to the window. The reader clears it before each
 * run. */
struct walk_state {
	__aligned_u64 rows_seen; /* by the program, in this run */

	__u32 has_task; /* the walk is at the files of the window's last task; the reader clears it */

	/* The program's own. */
	__aligned_u64 task;              /* whose files come; 0: the walk begins */
	__aligned_u64 shared_files;      /* the task's, if other processes use them too; else 0 */
	__aligned_u64 files, table;      /* of the batch */
	__aligned_u64 socket_operations; /* of every socket's file; 0: not known yet */
	__aligned_u64 net;               /* the namespace that net_inum and net_ports are of */
	__u32 net_inum;
	__u32 net_ports;
	__u32 tid;        /* of `task` */
	__u32 descriptor; /* the first of the batch */
	__u32 first_row;  /* of the batch */
};

/* Facts that a walk over files notes, for the reader and for the walks over tables that follow. */
struct walk_facts {
	__u32 net_inum;          /* of the reader's network namespace */
	__u32 keepalive_jiffies; /* net.ipv4.tcp_keepalive_time of that namespace */
	__aligned_u64 began;     /* in jiffies */
	__aligned_u64
	        tables[WINDOW_TABLES]; /* struct inet_hashinfo of the reader's namespace, then of others that differ */
	__u32 table_count;
	__u32 too_many; /* tables, or network namespaces: the tables cannot be walked */
	__aligned_u64
	        bound_ports[65536 / 64]; /* of sockets in the reader's namespace that are bound and not connected */
};

/* The walk over one of the kernel's hash tables. */
struct table_state {
	/* Set by the reader. */
	__aligned_u64 hashinfo;
	__u32 of_listeners;     /* the table of listeners, not of connections */
	__u32 no_candidates;    /* minisockets and orphaned sockets alone */
	__u32 timewait_jiffies; /* how long a timewait minisocket lives; 0: not known */

	/* The candidates that the reader has kept, from the first on: the program makes rows of them. */
	__u32 wanted_count, wanted_next;

	__u32 incomplete; /* the table cannot be read by this program */

	/* The program's own. */
	__aligned_u64 table; /* 0: the walk begins */
	__u32 mask;          /* buckets - 1 */
	__u32 stride, head;  /* of a bucket: its size, and where its chain begins */
	__u32 end;           /* the first bucket's number at the end of its chain */
	__u32 bucket;
	__u32 most;  /* buckets that are read together at most */
	__u32 moves; /* how often the buckets that come next were read again */
};

#endif
