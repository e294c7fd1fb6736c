/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query: the families that a request asks for. collect[]=NAME picks families, exclude[]=NAME leaves families out.
 * Each may be repeated, but a request has only one of the two, as in node_exporter. Other arguments are ignored.
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

/* Adds one decoded argument. `value` may be NULL. */
void http_query_add(struct http_query *query, const char *key, const char *value);

/* Fills the wanted families and returns true. If the query is bad, returns false and writes one line without its end
 * to `reason`. */
bool http_query_families(const struct http_query *query, uint64_t *families, char *reason, size_t size);

#endif
