/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket index: finds the row of a socket in the snapshot. Entry N describes row N.
 *
 * The walk over files enters sockets by the kernel's address of their sock. The walk over tables, or a dump, then
 * appends rows. socket_index_settle() drops each appended row whose connection has a row: the same local address, both
 * ports and the same check. The check is a keyed hash of the remote address, the ports and the interface.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_SOCKET_INDEX_H
#define EXPORTER_PLATFORM_LINUX_BPF_SOCKET_INDEX_H

#include "metrics/snapshot.h"

struct socket_index_entry {
	uint32_t identity; /* half of the sock's address; of an appended row: 1 if it may repeat another row, else 0 */
	uint32_t check;
};

struct socket_index {
	uint32_t *slots; /* 0: free; else row + 1, perhaps marked as shared */
	size_t mask;     /* slots in use - 1, a power of two */
	size_t capacity; /* slots allocated */
	size_t entered;  /* rows of the walk over files */
	size_t count;    /* all rows, the appended ones included */
	struct socket_index_entry *entries;
	size_t entry_capacity;
	uint64_t key; /* of the hash */
};

void socket_index_init(struct socket_index *index);
void socket_index_release(struct socket_index *index);
/* Empties the index and keeps its memory. Returns 0 or -ENOMEM. */
int socket_index_reset(struct socket_index *index) MUST_CHECK;

/* Prefetches the slot of an identity. */
void socket_index_prefetch(const struct socket_index *index, uint64_t identity);
/* Enters a socket as the next row. Returns 0, or 1 if the socket is in the index, or -ENOMEM. *row is its row. */
int socket_index_enter(struct socket_index *index, uint64_t identity, uint32_t check, uint32_t *row) MUST_CHECK;
/* Marks an entered row as held by several processes. Returns true the first time. */
bool socket_index_mark_shared(struct socket_index *index, uint32_t row);
/* Returns true if the sock was entered. The memory may hold another sock by now: one that was opened during the
 * walk, which a scrape need not report. */
bool socket_index_has(const struct socket_index *index, uint64_t identity);
/* Prefetches the entry that socket_index_has() reads after the slot. */
void socket_index_prefetch_entry(const struct socket_index *index, uint64_t identity);

/* Returns the check of a connection. `remote` is an address of `family` 4 or 6; an IPv4-mapped one counts as IPv4.
 * `ports` holds both ports, always in the same order. `device` is the interface that the socket is bound to: two
 * routing domains may have connections that differ in it alone. */
uint32_t socket_index_check(const struct socket_index *index, int family, const void *remote, uint32_t ports,
                            uint32_t device);

/* Appends the snapshot's last row. Call socket_index_enter() no more afterwards. `may_repeat`: another row may belong
 * to the same connection. Returns 0 or -ENOMEM. */
int socket_index_append(struct socket_index *index, uint32_t check, bool may_repeat) MUST_CHECK;
/* Forgets the appended rows from row `count` on. The caller removes them from the snapshot. */
void socket_index_truncate(struct socket_index *index, size_t count);
/* Drops every appended row that repeats an earlier row, from the snapshot too. Call it once, last. Returns 0 or
 * -ENOMEM. */
int socket_index_settle(struct socket_index *index, struct snapshot *snapshot) MUST_CHECK;

#endif
