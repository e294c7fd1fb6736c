/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector: reads a snapshot, credits unheld sockets, counts, and writes the count in the formats
 * that were asked for. It keeps what has to be remembered from snapshot to snapshot: the served ports and
 * the ranks of groups. Used by one thread at a time. Every buffer is reused, so that a steady host
 * allocates nothing here.
 */
#ifndef EXPORTER_SCRAPE_COLLECTOR_H
#define EXPORTER_SCRAPE_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/scrape/gzip.h"
#include "exporter/platform/platform.h"
#include "metrics/census/census.h"
#include "metrics/census/listeners.h"
#include "metrics/census/served_ports.h"
#include "metrics/report/report.h"

struct collector_options {
	const struct platform_backend *backend; /* and an open platform of it; not owned */
	struct platform *platform;
	struct census_options census;
	size_t max_series;
};

struct collector {
	struct collector_options options;
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct census census;
	struct report_folding folding;
	struct gzip gzip;
	struct textbuf text, packed;
	uint64_t aggregate_ns; /* time spent counting the last snapshot */
};

/* The format and the families of one exposition. */
struct collector_form {
	enum exposition_format format;
	bool gzip;
	uint64_t families; /* METRIC_BITs */
};

void collector_init(struct collector *collector, const struct collector_options *options);
void collector_release(struct collector *collector);

/* Reads a snapshot and counts it. Returns 0, or -errno (as platform_backend.read) with *error filled. */
int collector_take(struct collector *collector, struct deadline *deadline, struct platform_error *error) MUST_CHECK;

/*
 * Writes the snapshot that collector_take() took last and returned 0 for. `self` holds all but
 * aggregate_ns and process, which are filled in here. *bytes stays valid until the next call. Returns 0, -ENOMEM
 * or -EFBIG with *error filled.
 */
int collector_write(struct collector *collector, const struct collector_form *form, struct report_self *self,
                    const char **bytes, size_t *length, struct platform_error *error) MUST_CHECK;

/* The cause that a failure of either is counted by. */
enum scrape_cause collector_cause(int error);

#endif
