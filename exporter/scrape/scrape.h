/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scrapes: one collector thread that takes snapshots for everybody who waits for one.
 *
 * Invariants
 *  - At most one snapshot is being taken at any time. Requests that arrive while it is taken get it;
 *    those that arrive once it is being written get the next.
 *  - Every ticket that was accepted is answered exactly once, by its deadline if it has one: with the
 *    metrics, or with a status and a reason.
 *  - Nothing runs between scrapes.
 *  - A failed scrape is counted by cause and harms no later one.
 */
#ifndef EXPORTER_SCRAPE_SCRAPE_H
#define EXPORTER_SCRAPE_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"
#include "exporter/scrape/counters.h"
#include "metrics/census/census.h"
#include "metrics/report/exposition.h"
#include "metrics/report/report.h"

struct scraper;

struct scraper_options {
	const struct platform_backend *backend; /* and an open platform of it; not owned */
	struct platform *platform;
	struct census_options census;
	size_t max_series;
	uint64_t families; /* METRIC_BITs that may be asked for at all */
	const char *version, *revision, *compiler;
};

/*
 * A request for one exposition. The caller fills the first part and keeps the memory until `done` was
 * called, which happens once, on another thread, with no lock held. The answer's body belongs to the
 * ticket's owner: free().
 */
struct scrape_ticket {
	enum exposition_format format;
	bool gzip;
	uint64_t families;    /* METRIC_BITs */
	uint64_t deadline_ns; /* of platform_now_ns(); UINT64_MAX: a bound of the scraper's own */
	void (*done)(struct scrape_ticket *ticket);
	void *owner;

	unsigned status; /* 200, or 503 with a reason in the body as plain text */
	char *body;      /* NULL only if there was no memory even for a reason */
	size_t length;

	struct scrape_ticket *next; /* private, as is the time of its arrival */
	uint64_t submitted_ns;
};

/* Starts the threads, and on one of them a first snapshot, so that scraper_ready() means something
 * before the first scrape. That one is counted only if a ticket joined it. 0 or -errno. */
int scraper_new(struct scraper **scraper, const struct scraper_options *options) MUST_CHECK;

/* Accepts the ticket; its done() will be called, perhaps before this returns. After scraper_stop()
 * tickets are answered with 503 at once. */
void scraper_submit(struct scraper *scraper, struct scrape_ticket *ticket);

/* False if the collector hangs: its snapshot goes on long after the time when it was to give up. */
bool scraper_alive(struct scraper *scraper);

/* Whether the last snapshot worked. If not, copies the reason ("" before the first) to `reason`. */
bool scraper_ready(struct scraper *scraper, char *reason, size_t size);

/* Returns the counters of the endpoint, which each snapshot reports. Good until scraper_free(). */
struct counters *scraper_counters(struct scraper *scraper);

/* Ends a snapshot that is being taken, answers every ticket with 503, joins the threads. */
void scraper_stop(struct scraper *scraper);
void scraper_free(struct scraper *scraper);

#endif
