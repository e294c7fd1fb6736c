/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalog: every metric family, with its name, type, unit, help and labels. The README's list, the golden files and
 * the dashboards' checks come from it. To add a family, add an id here, a row in catalog.c in the same place, and the
 * code in report.c that writes its samples.
 */
#ifndef METRICS_REPORT_CATALOG_H
#define METRICS_REPORT_CATALOG_H

#include <stddef.h>
#include <stdint.h>

enum metric_id {
	METRIC_CONNECTIONS,
	METRIC_SOCKETS,
	METRIC_OUTBOUND_CONNECTIONS,
	METRIC_CLOSE_WAIT_OLDEST,
	METRIC_ACCEPT_QUEUE_LENGTH,
	METRIC_ACCEPT_QUEUE_LIMIT,
	METRIC_ACCEPT_QUEUE_DROPS,
	METRIC_RECEIVE_QUEUE,
	METRIC_SEND_QUEUE,
	METRIC_RETRANSMITTING,
	METRIC_ZERO_WINDOW,
	METRIC_OUTBOUND_RETRANSMITTING,
	METRIC_OUTBOUND_ZERO_WINDOW,
	METRIC_EPHEMERAL_PORTS_USED,
	METRIC_EPHEMERAL_PORTS_LIMIT,
	METRIC_BUILD_INFO,
	METRIC_BACKEND_INFO,
	METRIC_SCRAPES,
	METRIC_SCRAPE_ERRORS,
	METRIC_FOLDED_SERIES,
	METRIC_UNREADABLE_PROCESSES,
	METRIC_UNDESCRIBED_PROCESSES,
	METRIC_SHARED_SOCKETS,
	METRIC_HTTP_REQUESTS,
	METRIC_HTTP_IN_FLIGHT,
	METRIC_TLS_ERRORS,
	METRIC_PROCESS_CPU,
	METRIC_PROCESS_RESIDENT_MEMORY,
	METRIC_PROCESS_VIRTUAL_MEMORY,
	METRIC_PROCESS_VIRTUAL_MEMORY_MAX,
	METRIC_PROCESS_OPEN_FDS,
	METRIC_PROCESS_MAX_FDS,
	METRIC_PROCESS_START_TIME,
	METRIC_SCRAPE_DURATION, /* last, since its `encode` phase covers the families before it */
	METRIC_COUNT
};

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER, /* the name ends in _total; OpenMetrics names the family without it */
	METRIC_INFO,    /* the name ends in _info and the value is 1; a gauge in text 0.0.4 */
};

struct metric {
	const char *name; /* of the sample, as text 0.0.4 writes it */
	enum metric_type type;
	const char *unit;   /* "seconds", "bytes" or "": the suffix of the family's name */
	const char *labels; /* comma-separated names, "" for none; optional labels are not listed */
	const char *help;   /* one line, no full stop */
};

/* Indexed by enum metric_id. */
extern const struct metric catalog[METRIC_COUNT];

/* A set of families is the sum of their METRIC_BIT()s. */
#define METRIC_BIT(id) (UINT64_C(1) << (id))
#define METRICS_ALL    (METRIC_BIT(METRIC_COUNT) - 1)
/* The families about the exporter itself: tcp_exporter_* and process_*. */
#define METRICS_OF_EXPORTER (METRICS_ALL & ~(METRIC_BIT(METRIC_BUILD_INFO) - 1))
/* Those of them that describe a process that serves scrapes. */
#define METRICS_OF_SERVER                                                                                              \
	(METRIC_BIT(METRIC_SCRAPES) | METRIC_BIT(METRIC_SCRAPE_ERRORS) | METRIC_BIT(METRIC_HTTP_REQUESTS) |            \
	 METRIC_BIT(METRIC_HTTP_IN_FLIGHT) | METRIC_BIT(METRIC_TLS_ERRORS) | METRICS_OF_PROCESS)
/* The families process_*, which the client libraries of other programs have too. */
#define METRICS_OF_PROCESS ((METRIC_BIT(METRIC_PROCESS_START_TIME) << 1) - METRIC_BIT(METRIC_PROCESS_CPU))

/* Returns the family of that name in the spelling of text 0.0.4, or METRIC_COUNT. */
enum metric_id catalog_find(const char *name, size_t length);

#endif
