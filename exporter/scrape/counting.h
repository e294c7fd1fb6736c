/* SPDX-License-Identifier: Apache-2.0 */
/* Counting: the process filter and the name patterns of the options, and the collector's options that use them. */
#ifndef EXPORTER_SCRAPE_COUNTING_H
#define EXPORTER_SCRAPE_COUNTING_H

#include "exporter/options.h"
#include "exporter/platform/platform.h"
#include "exporter/scrape/backend.h"
#include "exporter/scrape/collector.h"

struct filter;
struct names;

struct counting {
	struct filter *filter;
	struct names *names;
};

/* Prepares *counting. Returns 0, or -errno with *error filled. Call counting_release() after an error too. */
int counting_init(struct counting *counting, const struct options *options, struct platform_error *error) MUST_CHECK;
/* Frees what counting_init() made. Does nothing for zeros. */
void counting_release(struct counting *counting);

/* Returns the options of a collector that reads from `open` and counts as `open->options` say. They refer to
 * `counting` and `open`. */
struct collector_options counting_collector(const struct counting *counting, const struct open_backend *open);

/* Returns the families that the options leave, as METRIC_BITs. */
uint64_t counting_families(const struct options *options);

#endif
