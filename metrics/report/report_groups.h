/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report of groups: the families with a series, or one per state, for each group of a census table. Private to the
 * report. Each family is cut to max_series. The further groups are added up in one group, which is written last.
 */
#ifndef METRICS_REPORT_REPORT_GROUPS_H
#define METRICS_REPORT_REPORT_GROUPS_H

#include "metrics/report/report.h"

struct report_groups {
	struct exposition *exposition;
	const struct report_input *input;
	struct report_folding *folding;
	size_t max_series;
	bool local_ranked, outbound_ranked; /* set for a table that was ranked, since a family is too large */
	uint64_t folded;                    /* series that the families have lost so far */
};

/* Writes the family: tcp_connections, tcp_outbound_connections, tcp_close_wait_*, tcp_accept_queue_* or
 * tcp_*_queue_bytes. Returns 0 or -ENOMEM. */
int report_groups_write(struct report_groups *report, enum metric_id id) MUST_CHECK;

#endif
