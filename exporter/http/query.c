/* SPDX-License-Identifier: Apache-2.0 */
/* Query: reads the arguments collect[] and exclude[]. */
#include "exporter/http/query.h"

#include "metrics/report/catalog.h"

#include <stdio.h>
#include <string.h>

/* Keeps the first bad name for the reason. Replaces quotes and all bytes that are not printable ASCII. */
static void set_bad(struct http_query *query, const char *name)
{
	if (query->bad)
		return;
	query->bad = true;
	snprintf(query->bad_name, sizeof(query->bad_name), "%s", name);
	for (char *at = query->bad_name; *at; at++)
		if (*at < ' ' || *at > '~' || *at == '"')
			*at = '?';
}

void http_query_init(struct http_query *query, uint64_t allowed)
{
	*query = (struct http_query){.allowed = allowed};
}

void http_query_add(struct http_query *query, const char *key, const char *value)
{
	bool collects = strcmp(key, "collect[]") == 0, excludes = strcmp(key, "exclude[]") == 0;
	const char *name = value ? value : "";
	enum metric_id id;

	if (!collects && !excludes)
		return;
	id = catalog_find(name, strlen(name));
	/* exclude[] of a family that is switched off has no effect, and is no error. */
	if (id == METRIC_COUNT || (!excludes && !(query->allowed & METRIC_BIT(id))))
		set_bad(query, name);
	else if (excludes)
		query->exclude |= METRIC_BIT(id);
	else
		query->collect |= METRIC_BIT(id);
	query->collects |= collects;
	query->excludes |= excludes;
}

bool http_query_families(const struct http_query *query, uint64_t *families, char *reason, size_t size)
{
	if (query->collects && query->excludes) {
		snprintf(reason, size, "collect[] and exclude[] cannot be used together");
		return false;
	}
	if (query->bad) {
		snprintf(reason, size, "no such family: \"%s\"", query->bad_name);
		return false;
	}
	*families = query->collects ? query->collect : query->allowed & ~query->exclude;
	return true;
}
