/* SPDX-License-Identifier: Apache-2.0 */
/* The order of groups: by process name, port (numbers first), then the optional labels as enum census_label has them.
 */
#ifndef METRICS_CENSUS_LABEL_ORDER_H
#define METRICS_CENSUS_LABEL_ORDER_H

#include "metrics/census/census.h"

/* Sorts both tables. The tables' hashes are of no use afterwards. 0 or -ENOMEM. */
int label_order_sort(struct census *census, const struct snapshot *snapshot) MUST_CHECK;

#endif
