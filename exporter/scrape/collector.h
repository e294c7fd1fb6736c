/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector: reads a snapshot, credits unheld sockets, counts all sockets, and writes the counts in the requested
 * formats. It keeps the served ports, the drops of listeners and the ranks of groups from one snapshot to the next. One
 * thread at a time uses it. Every buffer is reused, so that a steady host causes no allocation here.
 */
#ifndef EXPORTER_SCRAPE_COLLECTOR_H
#define EXPORTER_SCRAPE_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"
#include "exporter/scrape/gzip.h"
#include "exporter/scrape/names.h"
#include "exporter/sockets/list.h"
#include "metrics/census/census.h"
#include "metrics/census/listeners.h"
#include "metrics/census/served_ports.h"
#include "metrics/history/accept_drops.h"
#include "metrics/report/report.h"

struct collector_options {
	const struct platform_backend *backend;
	struct platform *platform; /* open; the caller owns it */
	struct names *names;       /* NULL: names stay as the platform reports them; the caller owns it */
	struct census_options census;
	size_t max_series;
	bool past_drops; /* count connections that were dropped before the first snapshot too */
};

struct collector {
	struct collector_options options;
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct accept_drops drops;
	struct census census;
	struct report_folding folding;
	struct gzip gzip;
	struct socket_list sockets;
	struct textbuf text, packed;
	uint64_t aggregate_ns; /* time spent counting the last snapshot */
};

/* The form in which a snapshot is written. */
struct collector_form {
	const struct socket_query *sockets; /* a list of these sockets; NULL: the metrics of `families` in `format` */
	enum exposition_format format;
	bool gzip;
	uint64_t families; /* METRIC_BITs */
};

void collector_init(struct collector *collector, const struct collector_options *options);
void collector_release(struct collector *collector);

/* Reads a snapshot and counts it. Returns 0, or -errno (as platform_backend.read) with *error filled. */
int collector_take(struct collector *collector, struct deadline *deadline, struct platform_error *error) MUST_CHECK;

/*
 * Writes the last snapshot for which collector_take() returned 0. Fills aggregate_ns and process of `self`; the caller
 * has filled the rest. *bytes stays valid until the next call. Returns 0, or -ENOMEM or -EFBIG with *error filled.
 */
int collector_write(struct collector *collector, const struct collector_form *form, struct report_self *self,
                    const char **bytes, size_t *length, struct platform_error *error) MUST_CHECK;

/* Returns the cause under which an error of either function is counted. */
enum scrape_cause collector_cause(int error);

#endif
