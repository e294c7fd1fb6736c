/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query: reads the families that a request selects. collect[]=NAME adds a family and exclude[]=NAME omits one, as in
 * node_exporter. Each argument can be repeated, but a request must not have both. Other arguments are ignored.
 */
#ifndef EXPORTER_HTTP_QUERY_H
#define EXPORTER_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than any family's name, so that a mistyped name is shown whole. */
enum { HTTP_QUERY_NAME_MAX = 80 };

struct http_query {
	uint64_t allowed;          /* METRIC_BITs that a request can select */
	uint64_t collect, exclude; /* METRIC_BITs that were named */
	bool collects, excludes;
	bool bad; /* a name is unknown, or collect[] names a family that is not allowed */
	char bad_name[HTTP_QUERY_NAME_MAX];
};

void http_query_init(struct http_query *query, uint64_t allowed);

/* Adds one decoded argument. `value` can be NULL. */
void http_query_add(struct http_query *query, const char *key, const char *value);

/* Fills the selected families. Returns false with the reason, one line without a newline, for a bad query. */
bool http_query_families(const struct http_query *query, uint64_t *families, char *reason, size_t size);

#endif
