/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which families a request asks for: collect[]=NAME picks some, exclude[]=NAME leaves some out, each as
 * often as one likes but not both kinds at once, as node_exporter has it. Other arguments are ignored.
 */
#ifndef EXPORTER_HTTP_QUERY_H
#define EXPORTER_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than any family's name, so that a mistyped one is shown whole. */
enum { HTTP_QUERY_NAME_MAX = 80 };

struct http_query {
	uint64_t allowed;          /* METRIC_BITs that may be asked for */
	uint64_t collect, exclude; /* METRIC_BITs that were named */
	bool collects, excludes;
	bool bad; /* a name is unknown, or collect[] names a family that is not allowed */
	char bad_name[HTTP_QUERY_NAME_MAX];
};

void http_query_init(struct http_query *query, uint64_t allowed);

/* Takes one decoded argument. `value` may be NULL. */
void http_query_add(struct http_query *query, const char *key, const char *value);

/* The families to give; or false and why not, as a line without its end, in `reason`. */
bool http_query_families(const struct http_query *query, uint64_t *families, char *reason, size_t size);

#endif
