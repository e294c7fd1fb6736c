/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the include and exclude patterns. */
#include "exporter/scrape/filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

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
	struct filter *filter;

	(void)state;
	assert_int_equal(filter_new(&filter, "(", NULL), -EINVAL);
	assert_null(filter);
	assert_int_equal(filter_new(&filter, "ng.*", "("), -EINVAL);
	assert_null(filter);
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
	        cmocka_unit_test(test_patterns),
	        cmocka_unit_test(test_length),
	        cmocka_unit_test(test_bad_patterns),
	        cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
