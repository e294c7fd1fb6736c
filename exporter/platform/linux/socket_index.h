/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sockets are in the snapshot already: during a walk of files by the kernel's identity of a socket,
 * afterwards by connection. Row N of the snapshot is entry N here.
 *
 * A connection is known by its local address, both ports and a keyed hash of the remote address, so that
 * no remote address needs to be kept; a listener by its address, port and inode.
 */
#ifndef EXPORTER_PLATFORM_LINUX_SOCKET_INDEX_H
#define EXPORTER_PLATFORM_LINUX_SOCKET_INDEX_H

#include "metrics/snapshot.h"

struct socket_index {
	uint32_t *slots; /* 0: free; else row + 1, perhaps marked as shared */
	size_t mask;     /* slots in use - 1, a power of two */
	size_t capacity; /* slots allocated */
	size_t count;    /* rows entered */
	uint64_t *identities;
	size_t identity_capacity;
	uint32_t *checks;
	size_t check_capacity;
	uint64_t key; /* of the hash */
};

void socket_index_init(struct socket_index *index);
void socket_index_release(struct socket_index *index);
/* Empties the index, keeps the memory; identities come next. 0 or -ENOMEM. */
int socket_index_reset(struct socket_index *index) MUST_CHECK;

/* That an identity will soon be entered: brings its slot into the cache. */
void socket_index_expect(const struct socket_index *index, uint64_t identity);
/* Enters an identity, as the next row. 0; or 1 if there is one already, with its row; or -ENOMEM. */
int socket_index_enter(struct socket_index *index, uint64_t identity, uint32_t *row) MUST_CHECK;
/* Marks a row, found by identity, as held by several processes. True the first time. */
bool socket_index_mark_shared(struct socket_index *index, uint64_t identity);

/* What a row is checked by besides its local address and ports. */
uint32_t socket_index_check(const struct socket_index *index, int family, const void *remote);
/* Says what the row that was entered last is checked by. */
void socket_index_set_check(struct socket_index *index, uint32_t check);

/* From here on connections count, of the rows before `count`: later ones are forgotten. 0 or -ENOMEM. */
int socket_index_by_connection(struct socket_index *index, const struct snapshot *snapshot, size_t count) MUST_CHECK;
/* Whether a socket of the same connection is in the index. */
bool socket_index_has(const struct socket_index *index, const struct snapshot *snapshot,
                      const struct snapshot_socket *socket, uint32_t check);
/* Enters the snapshot's last row. 0 or -ENOMEM. */
int socket_index_add(struct socket_index *index, const struct snapshot *snapshot, uint32_t check) MUST_CHECK;

#endif
