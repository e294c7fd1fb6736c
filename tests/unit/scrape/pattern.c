/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of patterns: their faults, the bound on a match, and the group that names a process. */
#include "exporter/scrape/pattern.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "exporter/platform/platform.h"

static struct pattern *compile(const char *text)
{
	struct pattern *pattern;

	assert_int_equal(pattern_new(&pattern, text), 0);
	return pattern;
}

static void test_faults(void **state)
{
	static const char *const bad[] = {"(", "a{2,1}", "[z-a]", "\\C", "\xff", "*"};
	struct pattern *pattern;
	char reason[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason[0] = '\0';
		assert_false(pattern_valid(bad[i], reason, sizeof(reason)));
		assert_true(strlen(reason) > 10);
		assert_false(pattern_names(bad[i], reason, sizeof(reason)));
		assert_int_equal(pattern_new(&pattern, bad[i]), -EINVAL);
		assert_null(pattern);
	}
	assert_true(pattern_valid("ng.*", reason, sizeof(reason)));
	pattern_free(NULL);
}

/* A pattern for names needs a group, and one group of the name "name". */
/* Names differ by the case of their letters only where the system's names do. */
static void test_case(void **state)
{
	struct pattern *pattern = compile("nginx.*");

	(void)state;
	assert_true(pattern_matches(pattern, "nginx.exe", 9));
	assert_int_equal(pattern_matches(pattern, "NGINX.EXE", 9), !platform_names_have_case);
	pattern_free(pattern);
}

static void test_groups(void **state)
{
	static const char *const good[] = {"(a)", "(?:a)(b)", "(?<name>a)", "(x)(?P<name>a)", "(?<other>a)"};
	static const char *const bad[] = {"a", "(?:a)", "(?J)(?<name>a)|(?<name>b)"};
	char reason[80];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(pattern_names(good[i], reason, sizeof(reason)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(pattern_names(bad[i], reason, sizeof(reason)));
		assert_string_equal(reason, "it needs one group (?<name>...), or any group (...)");
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *pattern, *text, *name; /* a NULL name: no match */
	} cases[] = {
	        {"java .*-Dservice=(\\S+).*", "java -Xmx2g -Dservice=billing -cp x Main", "billing"},
	        {"java .*-jar (?:\\S*/)?(\\S+)\\.jar.*", "java -jar /opt/kafka/kafka-ui.jar --port=1", "kafka-ui"},
	        {"(\\w+) (?<name>\\w+)", "a b", "b"}, /* before the first group */
	        {"(\\w+) (\\w+)", "a b", "a"},
	        {"java (\\w+)", "java billing x", NULL}, /* the whole text must match */
	        {"ava (\\w+)", "java billing", NULL},
	        {"a(x)?b", "ab", NULL}, /* a group that takes no part gives no name, */
	        {"a(x*)b", "ab", NULL}, /* nor does an empty one */
	        {"(?|a-(\\w+)|b:(\\w+))", "b:y", "y"},
	        {"(.*)", "caf\xc3\xa9", "caf\xc3\xa9"},
	        {"(.+)(?=d)\\Kd", "abcd", "abc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern *pattern = compile(cases[i].pattern);
		const char *name = NULL;
		size_t length = 0;
		bool found = pattern_find_name(pattern, cases[i].text, strlen(cases[i].text), &name, &length);

		assert_int_equal(found, cases[i].name != NULL);
		if (found) {
			assert_int_equal(length, strlen(cases[i].name));
			assert_memory_equal(name, cases[i].name, length);
		}
		pattern_free(pattern);
	}
}

/* A pattern that backtracks without end reaches the match limit soon, and does not match. */
static void test_match_limit(void **state)
{
	struct pattern *pattern = compile("(a+)+b|(a|aa)+$c");
	struct timespec begin, end;
	char name[2001];
	const char *found;
	size_t length;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_false(pattern_matches(pattern, name, strlen(name)));
	assert_false(pattern_find_name(pattern, name, strlen(name), &found, &length));
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 2);
	assert_false(pattern_matches(pattern, "b", 1));
	pattern_free(pattern);

	/* The longest names are well within the limit for usual patterns. */
	pattern = compile(".*a|(?:a|b)*");
	assert_true(pattern_matches(pattern, name, strlen(name)));
	pattern_free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_faults), cmocka_unit_test(test_case),        cmocka_unit_test(test_groups),
	        cmocka_unit_test(test_names),  cmocka_unit_test(test_match_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
