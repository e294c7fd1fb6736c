/* SPDX-License-Identifier: Apache-2.0 */
/* Socket table: reads a network namespace's sockets into a snapshot and indexes them by inode. */
#ifndef EXPORTER_PLATFORM_LINUX_NETLINK_SOCKET_TABLE_H
#define EXPORTER_PLATFORM_LINUX_NETLINK_SOCKET_TABLE_H

#include "exporter/platform/linux/netlink/sock_diag.h"
#include "exporter/platform/linux/procfs/inode_index.h"
#include "exporter/platform/platform.h"

/* A socket in CLOSE_WAIT, by the kernel's cookie for it. */
struct waiting_socket {
	uint64_t cookie;
	uint32_t row;
};

struct socket_table {
	struct sock_diag diag;
	struct inode_index inodes; /* rows that have an inode: those that a process can hold */
	uint32_t *cookies;         /* by row: half of the kernel's cookie for the socket */
	size_t cookie_capacity;
	struct waiting_socket *waiting;
	size_t waiting_count, waiting_capacity;

	/* The current dump. */
	struct snapshot *snapshot;
	uint32_t netns;
	uint32_t first_row;
	bool remote_addresses;
};

/* Prepares *table. Returns 0 or -ENOMEM. */
int socket_table_init(struct socket_table *table) MUST_CHECK;
void socket_table_release(struct socket_table *table);
/* Forgets the last snapshot's sockets. Returns 0 or -ENOMEM. */
int socket_table_reset(struct socket_table *table) MUST_CHECK;

/*
 * Appends the sockets of the calling thread's network namespace, which is `netns` in the snapshot. `want` are WANT_
 * bits. Returns 0, or -errno with *error filled.
 */
int socket_table_read(struct socket_table *table, struct snapshot *snapshot, uint32_t netns, unsigned want,
                      struct deadline *deadline, struct platform_error *error) MUST_CHECK;

#endif
