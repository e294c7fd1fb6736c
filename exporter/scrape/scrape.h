/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scraper: one collector thread reads snapshots, and shares each among the requests that wait for it.
 *
 * Invariants
 *  - At most one snapshot is being taken at any time. Requests that arrive while it is taken receive it. Requests that
 *    arrive while it is being written receive the next one.
 *  - Every accepted ticket is answered exactly once, by its deadline: with the metrics, or with a status and a reason.
 *  - The exporter's threads do not run between scrapes.
 *  - A failed scrape is counted by cause, and does not affect later scrapes.
 */
#ifndef EXPORTER_SCRAPE_SCRAPE_H
#define EXPORTER_SCRAPE_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"
#include "exporter/scrape/collector.h"
#include "exporter/scrape/counters.h"
#include "metrics/report/exposition.h"
#include "metrics/report/report.h"

struct scraper;

struct scraper_options {
	struct collector_options collector;
	uint64_t families; /* METRIC_BITs that a ticket can select */
	const char *version, *revision, *compiler;
};

/*
 * A request for one exposition. The caller fills the first part and keeps the memory until done() is called. It is
 * called once, without a lock, and often on another thread. The caller must drop the answer's body (body.h).
 */
struct scrape_ticket {
	const struct socket_query *sockets; /* for a list of sockets; NULL: for metrics, in `format` */
	enum exposition_format format;
	bool gzip;
	uint64_t families;    /* METRIC_BITs */
	uint64_t deadline_ns; /* of platform_now_ns(); UINT64_MAX: the scraper's default */
	void (*done)(struct scrape_ticket *ticket);
	void *owner;

	unsigned status; /* 200, or 503 with a reason in the body as plain text */
	char *body;      /* shared, see body.h; NULL only if there is no memory for a reason */
	size_t length;

	struct scrape_ticket *next; /* private, as is submitted_ns */
	uint64_t submitted_ns;
};

/* Starts the threads, which take a first snapshot, so that scraper_ready() has a result before the first scrape. The
 * first snapshot is counted only if a ticket joins it. Returns 0 or -errno. */
int scraper_new(struct scraper **scraper, const struct scraper_options *options) MUST_CHECK;

/* Accepts the ticket. Its done() is called later, or before this function returns. After scraper_stop() a ticket is
 * answered with 503 at once. */
void scraper_submit(struct scraper *scraper, struct scrape_ticket *ticket);

/* Returns false if the collector hangs: its snapshot has not ended long after its deadline. */
bool scraper_alive(struct scraper *scraper);

/* Returns true if the last snapshot worked. Otherwise copies the reason to `reason`: "" before the first snapshot. */
bool scraper_ready(struct scraper *scraper, char *reason, size_t size);

/* Returns the counters of the endpoint, which each exposition reports. They are valid until scraper_free(). */
struct counters *scraper_counters(struct scraper *scraper);

/* Cancels the present snapshot, answers every ticket with 503, and joins the threads. */
void scraper_stop(struct scraper *scraper);
void scraper_free(struct scraper *scraper);

#endif
