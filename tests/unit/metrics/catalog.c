/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the catalog: it follows the rules of both formats and of Prometheus' naming. */
#include "metrics/report/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && !strcmp(text + length - tail, suffix);
}

static void assert_name(const char *name, const char *end)
{
	assert_true(end > name && *name >= 'a' && *name <= 'z');
	for (; name < end; name++)
		assert_true((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '_');
}

static void test_no_row_is_missing(void **state)
{
	(void)state;
	for (int id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = &catalog[id];

		assert_non_null(metric->name);
		assert_name(metric->name, metric->name + strlen(metric->name));
		assert_non_null(metric->unit);
		assert_non_null(metric->labels);
		assert_true(metric->help && strlen(metric->help) > 10);
		assert_null(strchr(metric->help, '\n'));
		assert_false(ends_with(metric->help, "."));
		for (int other = 0; other < id; other++)
			assert_string_not_equal(metric->name, catalog[other].name);
	}
}

static void test_suffixes_tell_type_and_unit(void **state)
{
	(void)state;
	for (int id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = &catalog[id];
		char suffix[64] = "";

		assert_int_equal(ends_with(metric->name, "_total"), metric->type == METRIC_COUNTER);
		assert_int_equal(ends_with(metric->name, "_info"), metric->type == METRIC_INFO);
		if (metric->unit[0])
			strcat(strcpy(suffix, "_"), metric->unit);
		if (metric->type == METRIC_COUNTER)
			strcat(suffix, "_total");
		assert_true(ends_with(metric->name, suffix));
		if (!metric->unit[0]) {
			assert_null(strstr(metric->name, "_seconds"));
			assert_null(strstr(metric->name, "_bytes"));
		}
	}
}

static void test_labels_are_names(void **state)
{
	(void)state;
	for (int id = 0; id < METRIC_COUNT; id++) {
		const char *label = catalog[id].labels, *end;

		for (; *label; label = *end ? end + 1 : end) {
			end = label + strcspn(label, ",");
			assert_name(label, end);
		}
	}
	assert_string_equal(catalog[METRIC_CONNECTIONS].labels, "state,process,local_port");
	assert_string_equal(catalog[METRIC_SCRAPES].labels, "");
}

static void test_find(void **state)
{
	(void)state;
	for (int id = 0; id < METRIC_COUNT; id++)
		assert_int_equal(catalog_find(catalog[id].name, strlen(catalog[id].name)), id);
	assert_int_equal(catalog_find("tcp_sockets_and_more", strlen("tcp_sockets")), METRIC_SOCKETS);
	assert_int_equal(catalog_find("tcp_socket", strlen("tcp_socket")), METRIC_COUNT);
	assert_int_equal(catalog_find("tcp_exporter_scrapes", strlen("tcp_exporter_scrapes")), METRIC_COUNT);
	assert_int_equal(catalog_find("", 0), METRIC_COUNT);
}

static void test_families_of_the_exporter(void **state)
{
	(void)state;
	assert_int_equal(METRICS_ALL >> METRIC_COUNT, 0);
	for (int id = 0; id < METRIC_COUNT; id++) {
		const char *name = catalog[id].name;
		bool own = !strncmp(name, "tcp_exporter_", 13) || !strncmp(name, "process_", 8);

		assert_true(METRICS_ALL & METRIC_BIT(id));
		assert_int_equal(!!(METRICS_OF_EXPORTER & METRIC_BIT(id)), own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_no_row_is_missing),        cmocka_unit_test(test_suffixes_tell_type_and_unit),
	        cmocka_unit_test(test_labels_are_names),         cmocka_unit_test(test_find),
	        cmocka_unit_test(test_families_of_the_exporter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
