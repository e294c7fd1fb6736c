/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog_json: the exporter's metrics as JSON on standard output, for the checks of queries:
 * {"metrics": {NAME: [LABEL...]}, "optional": [LABEL...], "values": {LABEL: [VALUE...]}}
 * "optional" are the labels that flags add to metrics with the label process; "values" has the labels
 * whose values are a closed set. No text in these tables needs escapes.
 */
#include <stdio.h>
#include <string.h>

#include "metrics/census/census.h"
#include "metrics/report/catalog.h"
#include "metrics/report/report.h"

/* Writes a name in quotes, after a comma unless it is the first. */
static void put_name(const char *name, size_t length, bool first)
{
	printf("%s\"%.*s\"", first ? "" : ", ", (int)length, name);
}

/* "a,b" as ["a", "b"]. */
static void put_list(const char *list)
{
	putchar('[');
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, ",");

		put_name(at, length, at == list);
		at += length;
		at += strspn(at, ",");
	}
	putchar(']');
}

static void put_metrics(void)
{
	printf("{\"metrics\": {");
	for (int id = 0; id < METRIC_COUNT; id++) {
		put_name(catalog[id].name, strlen(catalog[id].name), id == 0);
		printf(": ");
		put_list(catalog[id].labels);
	}
	printf("},\n");
}

/* ["...", ...] of the names that `name` has for 0 up to `count`. */
static void put_names(const char *(*name)(int), int count)
{
	putchar('[');
	for (int i = 0; i < count; i++)
		put_name(name(i), strlen(name(i)), i == 0);
	putchar(']');
}

static const char *label_text(int i)
{
	return census_label_name((enum census_label)i);
}

static const char *state_text(int i)
{
	return state_name((enum socket_state)i);
}

static const char *cause_text(int i)
{
	return scrape_cause_name((enum scrape_cause)i);
}

int main(void)
{
	put_metrics();
	printf("\"optional\": ");
	put_names(label_text, LABEL_COUNT);
	printf(",\n\"values\": {\"state\": ");
	put_names(state_text, STATE_COUNT);
	printf(", \"cause\": ");
	put_names(cause_text, CAUSE_COUNT);
	printf("}}\n");
	return fflush(stdout) != 0;
}
