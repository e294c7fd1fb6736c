/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of groups behind a census table: finds the group of a label set, or makes it.
 * A table of all zeros is valid and empty.
 */
#ifndef METRICS_CENSUS_GROUP_H
#define METRICS_CENSUS_GROUP_H

#include "metrics/census/census.h"

/* The label set of a group; the fields of struct census_group of the same names. */
struct group_key {
	uint32_t identity, port, netns, address, family;
};

/* Empties the table and keeps its memory. 0 or -ENOMEM. */
int census_table_clear(struct census_table *table) MUST_CHECK;
void census_table_release(struct census_table *table);

/* The group with that key, zeroed if it is new. Valid until the next call. NULL: out of memory. */
struct census_group *census_table_group(struct census_table *table, const struct group_key *key) MUST_CHECK;

#endif
