/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Census: counts the rows of a snapshot in groups, by state.
 *
 * A group is the rows that share a label set: the owner's identity (its name and the optional labels that describe a
 * process), a port, and the optional labels that describe a socket. There are two tables. The table by local port has
 * every row. The table by remote port has outbound connections alone.
 *
 * Invariants
 *  - The sum of a table's counts over all groups is the number of rows that belong to the table
 *    (rows of processes that the filter rejects belong to none).
 *  - No two groups of a table have the same label set.
 *  - Groups are in the order of their labels, so that equal tables give equal text.
 */
#ifndef METRICS_CENSUS_CENSUS_H
#define METRICS_CENSUS_CENSUS_H

#include "metrics/census/group.h"
#include "metrics/census/identity.h"
#include "metrics/census/label_order.h"
#include "metrics/census/labels.h"
#include "metrics/census/role.h"
#include "metrics/census/served_ports.h"
#include "metrics/snapshot.h"

/* Addresses that differ in their namespace alone, merged. */
struct merged_addresses {
	uint32_t *first; /* by address: the first that is equal */
	size_t capacity;
	struct hash_index index;
};

struct census {
	struct census_table by_local_port;
	struct census_table outbound;
	struct identities identities;
	uint64_t states[STATE_COUNT]; /* all rows, of every owner */
	/* Distinct local ports of the first namespace's range in use, and the size of the range. Both leave out
	 * reserved ports. 0: not known. */
	uint64_t ephemeral_used, ephemeral_limit;

	struct roles roles; /* private, as is all below */
	struct label_order order;
	struct merged_addresses merged;
	struct port_set ephemeral_ports;
};

void census_init(struct census *census);
void census_release(struct census *census);

/* Counts the snapshot. Call after listeners_credit(). Returns 0 or -ENOMEM. Memory is reused. The census refers to the
 * snapshot's namespaces and addresses by index, so both must be used together. */
int census_take(struct census *census, const struct snapshot *snapshot, const struct served_ports *served,
                const struct census_options *options) MUST_CHECK;

/* A census and its sources. */
struct census_input {
	const struct census *census;
	const struct snapshot *snapshot;
	const struct served_ports *served;
	const struct census_options *options;
};

/* A row that the census counted by process, with its labels. */
struct census_row {
	uint32_t row;         /* index into snapshot.sockets */
	uint32_t identity;    /* index into identities.items */
	uint32_t local_port;  /* the label, as in group_key.port */
	uint32_t remote_port; /* the label, or CENSUS_ABSENT if the row is not outbound */
};

/* Calls each() for every row that census_take() counted by process. */
void census_each_row(const struct census_input *input, void (*each)(void *data, const struct census_row *row),
                     void *data);

#endif
