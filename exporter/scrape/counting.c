/* SPDX-License-Identifier: Apache-2.0 */
/* Counting: turns options into the parts that a collector needs. */
#include "exporter/scrape/counting.h"

#include <string.h>

#include "exporter/scrape/filter.h"
#include "exporter/scrape/names.h"

int counting_init(struct counting *counting, const struct options *options, struct platform_error *error)
{
	int err;

	*counting = (struct counting){NULL, NULL};
	if (options->include != NULL || options->exclude != NULL) {
		err = filter_new(&counting->filter, options->include, options->exclude);
		if (err != 0) {
			platform_error_set(error, "cannot prepare the process filter: %s", strerror(-err));
			return err;
		}
	}
	return names_new(&counting->names, options->name_patterns, options->name_pattern_count, error);
}

void counting_release(struct counting *counting)
{
	names_free(counting->names);
	filter_free(counting->filter);
	*counting = (struct counting){NULL, NULL};
}

struct collector_options counting_collector(const struct counting *counting, const struct open_backend *open)
{
	const struct options *options = open->options;

	return (struct collector_options){
	        .backend = open->backend,
	        .platform = open->platform,
	        .names = counting->names,
	        .census =
	                {
	                        .labels = options->labels,
	                        .local_port = options->local_port,
	                        .remote_port = options->remote_port,
	                        .keep = counting->filter != NULL ? filter_keep : NULL,
	                        .keep_data = counting->filter,
	                },
	        .max_series = options->max_series,
	};
}

uint64_t counting_families(const struct options *options)
{
	return options->disable_exporter_metrics ? METRICS_ALL & ~METRICS_OF_EXPORTER : METRICS_ALL;
}
