/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the include and exclude patterns. */
#include "exporter/scrape/filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static bool keeps(const char *include, const char *exclude, const char *name)
{
	struct filter *filter;
	bool keep;

	assert_int_equal(filter_new(&filter, include, exclude), 0);
	keep = filter_keep(filter, name, strlen(name));
	filter_free(filter);
	return keep;
}

static void test_patterns(void **state)
{
	static const struct {
		const char *include, *exclude, *name;
		bool keep;
	} cases[] = {
	        {NULL, NULL, "nginx", true},
	        {NULL, NULL, "", true},
	        {"nginx", NULL, "nginx", true},
	        {"nginx", NULL, "nginx2", false}, /* anchored at both ends */
	        {"nginx", NULL, "xnginx", false},
	        {"nginx|envoy", NULL, "envoy", true},
	        {"nginx|envoy", NULL, "envoy2", false}, /* around the whole alternation */
	        {"ng", NULL, "ng\n", false},            /* "$" alone would let a last newline pass */
	        {"ng.*", "nginx", "nginx", false},
	        {"ng.*", "nginx", "ngircd", true},
	        {NULL, "kube.*", "kubelet", false},
	        {NULL, "kube.*", "minikube", true},
	        {"(?i)NGINX", NULL, "nginx", true},
	        {"caf.", NULL, "caf\xc3\xa9", true}, /* a character, not a byte */
	        {"\xc3\xa9+", NULL, "\xc3\xa9\xc3\xa9", true},
	        {"(a)(b)(c)", NULL, "abc", true}, /* more groups than are kept */
	        {".*", NULL, "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(keeps(cases[i].include, cases[i].exclude, cases[i].name), cases[i].keep);
}

/* The name is not terminated. */
static void test_length(void **state)
{
	struct filter *filter;

	(void)state;
	assert_int_equal(filter_new(&filter, "ngi", NULL), 0);
	assert_true(filter_keep(filter, "nginx", 3));
	assert_false(filter_keep(filter, "nginx", 4));
	assert_false(filter_keep(filter, "ngi\0", 4));
	filter_free(filter);
	filter_free(NULL);
}

static void test_bad_patterns(void **state)
{
	static const char *const bad[] = {"(", "a{2,1}", "[z-a]", "\\C", "\xff", "*"};
	struct filter *filter;
	char reason[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason[0] = '\0';
		assert_false(filter_pattern_valid(bad[i], reason, sizeof(reason)));
		assert_true(strlen(reason) > 10);
		assert_int_equal(filter_new(&filter, bad[i], NULL), -EINVAL);
		assert_null(filter);
		assert_int_equal(filter_new(&filter, NULL, bad[i]), -EINVAL);
	}
	assert_true(filter_pattern_valid("ng.*", reason, sizeof(reason)));
}

/* A pattern that backtracks without end reaches the match limit soon, and does not match. */
static void test_match_limit(void **state)
{
	struct timespec begin, end;
	char name[2001];
	struct filter *filter;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(filter_new(&filter, "(a+)+b|(a|aa)+$c", NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_false(filter_keep(filter, name, strlen(name)));
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 2);
	assert_false(filter_keep(filter, "b", 1));
	filter_free(filter);

	/* The longest names are well within the limit for usual patterns. */
	assert_true(keeps(".*a", NULL, name));
	assert_true(keeps("(?:a|b)*", NULL, name));
}

/* A pattern can match at the start of a long command line. */
static void test_long_name(void **state)
{
	static char name[300001];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	memcpy(name, "java -Dservice=billing ", strlen("java -Dservice=billing "));
	assert_true(keeps(".*-Dservice=billing.*", NULL, name));
	assert_true(keeps(".*(payment|billing).*", NULL, name));
	assert_false(keeps(NULL, ".*-Dservice=billing.*", name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_patterns),     cmocka_unit_test(test_length),
	        cmocka_unit_test(test_bad_patterns), cmocka_unit_test(test_match_limit),
	        cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
