/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket index: which sockets are rows of the snapshot. Entry N describes row N.
 *
 * The walk over files enters sockets by the kernel's address of their sock. The walk over tables, or a dump, then
 * appends rows, and socket_index_settle() drops those that repeat a row by connection: local address, both ports and a
 * check, which is a keyed hash of the remote address, the ports and the interface, so that none of them is kept.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_SOCKET_INDEX_H
#define EXPORTER_PLATFORM_LINUX_BPF_SOCKET_INDEX_H

#include "metrics/snapshot.h"

struct socket_index_entry {
	uint32_t identity; /* half of the sock's address; of an appended row, whether it may repeat another */
	uint32_t check;
};

struct socket_index {
	uint32_t *slots; /* 0: free; else row + 1, perhaps marked as shared */
	size_t mask;     /* slots in use - 1, a power of two */
	size_t capacity; /* slots allocated */
	size_t entered;  /* rows of the walk over files */
	size_t count;    /* and those that were appended */
	struct socket_index_entry *entries;
	size_t entry_capacity;
	uint64_t key; /* of the hash */
};

void socket_index_init(struct socket_index *index);
void socket_index_release(struct socket_index *index);
/* Empties the index and keeps its memory. 0 or -ENOMEM. */
int socket_index_reset(struct socket_index *index) MUST_CHECK;

/* Brings the slot of an identity into the cache that is entered or looked up soon. */
void socket_index_prefetch(const struct socket_index *index, uint64_t identity);
/* Enters a socket as the next row. 0; or 1 if it is in the index, with its row; or -ENOMEM. */
int socket_index_enter(struct socket_index *index, uint64_t identity, uint32_t check, uint32_t *row) MUST_CHECK;
/* Marks an entered row as held by several processes. Returns true the first time. */
bool socket_index_mark_shared(struct socket_index *index, uint32_t row);
/* Returns true if the sock was entered. Its memory may have become another's since: a socket that was opened during the
 * walk, which need not be seen. */
bool socket_index_has(const struct socket_index *index, uint64_t identity);
/* The same as socket_index_prefetch(), for what socket_index_has() reads after the slot. */
void socket_index_prefetch_entry(const struct socket_index *index, uint64_t identity);

/* Returns the check of a connection. `remote` is an address of `family` 4 or 6, `ports` are both in any order that is
 * always the same, `device` is the interface that the socket is bound to: in different routing domains all else may
 * be equal. An IPv4-mapped address counts as IPv4. */
uint32_t socket_index_check(const struct socket_index *index, int family, const void *remote, uint32_t ports,
                            uint32_t device);

/* Appends the snapshot's last row; nothing may be entered afterwards. `may_repeat`: another row may be of the same
 * connection. 0 or -ENOMEM. */
int socket_index_append(struct socket_index *index, uint32_t check, bool may_repeat) MUST_CHECK;
/* Forgets the appended rows from row `count` on. The caller removes them from the snapshot. */
void socket_index_truncate(struct socket_index *index, size_t count);
/* Drops every appended row that repeats one before it, from the snapshot too. Uses the slots up. 0 or -ENOMEM. */
int socket_index_settle(struct socket_index *index, struct snapshot *snapshot) MUST_CHECK;

#endif
