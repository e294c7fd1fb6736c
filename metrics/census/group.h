/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of groups: the sockets that share a label set, counted by state. An array, and a hash index
 * that finds the group of a label set. A table of all zeros is valid and empty.
 */
#ifndef METRICS_CENSUS_GROUP_H
#define METRICS_CENSUS_GROUP_H

#include "metrics/hash.h"
#include "metrics/snapshot.h"

/* group_key.port when it is no number. */
#define PORT_EPHEMERAL UINT32_C(0x10000)
#define PORT_ABSENT    UINT32_C(0x10001)

#define CENSUS_ABSENT UINT32_MAX

/* The label set. */
struct group_key {
	uint32_t identity; /* index into identities.items */
	uint32_t port;     /* number, PORT_EPHEMERAL or PORT_ABSENT */
	uint32_t netns;    /* index into snapshot.netns, or CENSUS_ABSENT */
	uint32_t address;  /* index into snapshot.addresses, or CENSUS_ABSENT */
	uint32_t family;   /* 4 or 6, or CENSUS_ABSENT */
};

struct census_group {
	struct group_key key;
	uint32_t rank; /* 0 is the last to be folded away; set by fold_rank() */
	uint32_t count[STATE_COUNT];
	uint32_t aged;                      /* CLOSE_WAIT sockets whose age is known */
	uint32_t oldest_ms;                 /* of those, the greatest time since the peer's last segment */
	uint64_t receive_bytes, send_bytes; /* of all rows but listeners */
	uint64_t queue_length, queue_limit; /* of the listeners */
};

struct census_table {
	struct census_group *groups; /* in label order */
	size_t count, capacity;
	struct hash_index index; /* private: invalid once the groups are sorted */
	size_t last, before;     /* private: the groups that were found last, and before */
};

/* Empties the table and keeps its memory. */
void census_table_clear(struct census_table *table);
void census_table_release(struct census_table *table);

/* Returns the group with that key, zeroed if it is new. Valid until the next call. NULL: out of memory. */
struct census_group *census_table_group(struct census_table *table, const struct group_key *key) MUST_CHECK;

#endif
