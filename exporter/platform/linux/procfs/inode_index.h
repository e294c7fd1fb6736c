/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inode index: finds the rows of an inode number, and records who holds them. Several rows may share a number:
 * sockfs numbers its inodes by a 32-bit counter that wraps (get_next_ino() in fs/inode.c).
 */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_INODE_INDEX_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_INODE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

struct inode_entry {
	uint32_t inode; /* 0: the slot is free */
	uint32_t row;
};

struct inode_index {
	struct inode_entry *slots;
	size_t mask;       /* slots in use - 1, a power of two */
	size_t capacity;   /* slots allocated */
	size_t count;      /* entries */
	size_t unresolved; /* entries whose row has no owner yet */
	uint64_t shared;   /* rows that more than one process claimed */
};

void inode_index_init(struct inode_index *index);
void inode_index_release(struct inode_index *index);
/* Empties the index and keeps its memory. Returns 0 or -ENOMEM. */
int inode_index_reset(struct inode_index *index) MUST_CHECK;

/* Enters a row under its inode, which is not 0. Returns 0 or -ENOMEM. */
int inode_index_add(struct inode_index *index, uint32_t inode, uint32_t row) MUST_CHECK;

/* Removes the entries of `first_row` and all later rows. Call before any claim. Returns 0 or -ENOMEM. */
int inode_index_forget(struct inode_index *index, uint32_t first_row) MUST_CHECK;

/* Returns the next slot of this inode after `slot` (NULL: the first), or NULL if no slot follows. Call before any
 * claim: a claim marks entry.row. */
const struct inode_entry *inode_index_next(const struct inode_index *index, uint32_t inode,
                                           const struct inode_entry *slot);

/* Gives the rows of this inode to process `owner`, unless they have an owner. Counts a row that another process owns
 * as shared, once. */
void inode_index_claim(struct inode_index *index, struct snapshot *snapshot, uint32_t inode, uint32_t owner);

/* Gives OWNER_UNKNOWN to every entered row without an owner. */
void inode_index_mark_unknown(const struct inode_index *index, struct snapshot *snapshot);

#endif
