/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group table: the sockets that share a label set, counted by state. It has an array of groups, and a hash index that
 * finds the group of a label set. A table of all zeros is valid and empty.
 */
#ifndef METRICS_CENSUS_GROUP_H
#define METRICS_CENSUS_GROUP_H

#include "metrics/hash.h"
#include "metrics/snapshot.h"

/* Values of group_key.port that are not a number. */
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
	uint32_t rank; /* from fold_rank(); the group of rank 0 folds last */
	uint32_t count[STATE_COUNT];
	uint32_t aged;                      /* CLOSE_WAIT sockets whose age is known */
	uint32_t oldest_ms;                 /* the greatest time of an aged socket since its peer's last segment */
	uint64_t receive_bytes, send_bytes; /* of all rows except listeners */
	uint64_t queue_length, queue_limit; /* of the listeners */
	/* Connection attempts dropped at the listeners: since the last snapshot until accept_drops_add() adds the
	 * earlier ones. */
	uint64_t drops;
	uint32_t retransmitting, zero_window; /* connections */
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

/* Returns the group with that key, zeroed if it is new, or NULL if memory is short. Valid until the next call. */
struct census_group *census_table_group(struct census_table *table, const struct group_key *key) MUST_CHECK;

#endif
