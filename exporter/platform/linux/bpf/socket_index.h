/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sockets are in the snapshot already: during a walk of files by the kernel's identity of a socket,
 * afterwards by connection. Row N of the snapshot is entry N here.
 *
 * A connection is known by its local address, both ports and a keyed hash of the remote address and of the
 * interface that it is bound to, so that neither needs to be kept; a listener by its address, port and inode.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_SOCKET_INDEX_H
#define EXPORTER_PLATFORM_LINUX_BPF_SOCKET_INDEX_H

#include "metrics/snapshot.h"

/* What is known of a row besides what the snapshot knows. */
struct socket_index_entry {
	uint32_t identity; /* half of it: the check tells from each other those of which that is equal */
	uint32_t check;
};

struct socket_index {
	uint32_t *slots; /* 0: free; else row + 1, perhaps marked as shared */
	size_t mask;     /* slots in use - 1, a power of two */
	size_t capacity; /* slots allocated */
	size_t count;    /* rows entered */
	struct socket_index_entry *entries;
	size_t entry_capacity;
	uint64_t key; /* of the hash */
};

void socket_index_init(struct socket_index *index);
void socket_index_release(struct socket_index *index);
/* Empties the index, keeps the memory; identities come next. 0 or -ENOMEM. */
int socket_index_reset(struct socket_index *index) MUST_CHECK;

/* That an identity will soon be entered: brings its slot into the cache. */
void socket_index_expect(const struct socket_index *index, uint64_t identity);
/* Enters a socket, as the next row. 0; or 1 if it is there already, with its row; or -ENOMEM. */
int socket_index_enter(struct socket_index *index, uint64_t identity, uint32_t check, uint32_t *row) MUST_CHECK;
/* Marks a socket that was entered as held by several processes. True the first time. */
bool socket_index_mark_shared(struct socket_index *index, uint64_t identity, uint32_t check);

/* What a connection is checked by besides its local address: the remote one, both ports in any order that is always
 * the same, and the interface that it is bound to: in different routing domains all else may be equal. */
uint32_t socket_index_check(const struct socket_index *index, int family, const void *remote, uint32_t ports,
                            uint32_t device);

/* From here on connections count, of the rows before `count`: later ones are forgotten. 0 or -ENOMEM. */
int socket_index_by_connection(struct socket_index *index, const struct snapshot *snapshot, size_t count) MUST_CHECK;
/* Whether a socket of the same connection is in the index. */
bool socket_index_has(const struct socket_index *index, const struct snapshot *snapshot,
                      const struct snapshot_socket *socket, uint32_t check);
/* Enters the snapshot's last row. 0 or -ENOMEM. */
int socket_index_add(struct socket_index *index, const struct snapshot *snapshot, uint32_t check) MUST_CHECK;

#endif
