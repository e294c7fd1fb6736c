/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The families that have a series, or one per state, for each group of a census table; private to the
 * report. Each is cut to max_series: the groups beyond it are summed up in one that is written last.
 */
#ifndef METRICS_REPORT_REPORT_GROUPS_H
#define METRICS_REPORT_REPORT_GROUPS_H

#include "metrics/report/report.h"

struct report_groups {
	struct exposition *exposition;
	const struct report_input *input;
	struct report_folding *folding;
	size_t max_series;
	bool local_ranked, outbound_ranked; /* tables that were ranked: only where a family is too large */
	uint64_t folded;                    /* series that the families so far have lost */
};

/* Writes the family, which is one of tcp_connections, tcp_outbound_connections, tcp_close_wait_*,
 * tcp_accept_queue_* and tcp_*_queue_bytes. Returns 0 or -ENOMEM. */
int report_groups_write(struct report_groups *report, enum metric_id id) MUST_CHECK;

#endif
