/* SPDX-License-Identifier: Apache-2.0 */
/* Label order: sorts groups by process name, port (numbers first), and the optional labels in the order of
 * enum census_label. */
#ifndef METRICS_CENSUS_LABEL_ORDER_H
#define METRICS_CENSUS_LABEL_ORDER_H

#include "metrics/census/group.h"
#include "metrics/census/identity.h"

struct sort_item;
struct identity_place;

/* Scratch memory. All zeros is valid. */
struct label_order {
	struct sort_item *items;
	size_t capacity;
	struct identity_place *places; /* by identity */
	size_t place_capacity;
};

void label_order_release(struct label_order *order);

/* Orders the identities. Call before label_order_sort(). Returns 0 or -ENOMEM. */
int label_order_identities(struct label_order *order, const struct identities *identities) MUST_CHECK;

/* Sorts the table's groups. The table's index is invalid afterwards. Returns 0 or -ENOMEM. */
int label_order_sort(struct label_order *order, const struct snapshot *snapshot, struct census_table *table) MUST_CHECK;

#endif
