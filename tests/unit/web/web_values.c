/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the web configuration's values, the Authorization header, and the request rate limit. */
#include "exporter/web/auth/basic.h"
#include "exporter/web/auth/rate.h"
#include "exporter/web/config/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t nanoseconds;
	} good[] = {
	        {"0", 0},
	        {"0s", 0},
	        {"1500", 1500},
	        {"1ns", 1},
	        {"1us", 1000},
	        {"1\xc2\xb5s", 1000},
	        {"1\xce\xbcs", 1000},
	        {"250ms", 250000000},
	        {"1s", 1000000000},
	        {"+1s", 1000000000},
	        {"1.5s", 1500000000},
	        {".5s", 500000000},
	        {"5.s", 5000000000},
	        {"1m30s", UINT64_C(90000000000)},
	        {"1h1ms", UINT64_C(3600001000000)},
	        {"1.0000000001s", 1000000000},
	        {"9223372036854775807ns", INT64_MAX},
	};
	static const char *const bad[] = {"",
	                                  "s",
	                                  ".s",
	                                  "-1s",
	                                  "1 s",
	                                  "1x",
	                                  "1s ",
	                                  "1d",
	                                  "1.5",
	                                  "1ss",
	                                  "1..5s",
	                                  "+",
	                                  "1e3s",
	                                  " 1s",
	                                  "9223372036854775808ns",
	                                  "2562048h",
	                                  "9223372036854775807ns1ns",
	                                  "99999999999999999999"};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!web_value_duration(good[i].text, &value) || value != good[i].nanoseconds)
			fail_msg("%s: %llu", good[i].text, (unsigned long long)value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (web_value_duration(bad[i], &value))
			fail_msg("%s is taken for %llu", bad[i], (unsigned long long)value);
}

static void test_numbers(void **state)
{
	int32_t value = 0;

	(void)state;
	assert_true(web_value_int("0", &value) && value == 0);
	assert_true(web_value_int("+12", &value) && value == 12);
	assert_true(web_value_int("-2147483647", &value) && value == -INT32_MAX);
	assert_true(web_value_int("2147483647", &value) && value == INT32_MAX);
	assert_false(web_value_int("2147483648", &value) || web_value_int("", &value) || web_value_int("-", &value) ||
	             web_value_int("1x", &value) || web_value_int("0x10", &value) || web_value_int(" 1", &value));
}

static void test_bcrypt(void **state)
{
	static const char tail[] = "$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
	static const char *const good[] = {"$2", "$2a", "$2b", "$2x", "$2y"};
	static const char *const bad[] = {"$1", "$2c", "$3a", "2y", "$2yy", ""};
	char text[128];
	unsigned cost = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", good[i], tail);
		assert_true(web_value_bcrypt(text, &cost));
		assert_int_equal(cost, 10);
		text[strlen(text) - 1] = '\0';
		assert_false(web_value_bcrypt(text, &cost));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", bad[i], tail);
		assert_false(web_value_bcrypt(text, &cost));
	}
	assert_false(web_value_bcrypt("$2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG", &cost));
	assert_false(web_value_bcrypt("$2y$32$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG", &cost));
	assert_false(web_value_bcrypt("$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z!", &cost));
	assert_false(web_value_bcrypt("$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zGG", &cost));
	assert_false(web_value_bcrypt("", &cost));
}

static void test_logins(void **state)
{
	static const struct {
		const char *header, *name, *password;
	} good[] = {
	        {"Basic YWxpY2U6c2VjcmV0", "alice", "secret"},
	        {"bASIC YWxpY2U6c2VjcmV0", "alice", "secret"},
	        {"Basic YWxpY2U6c2VjcmV0 \t ", "alice", "secret"},
	        {"Basic Og==", "", ""},
	        {"Basic YTo=", "a", ""},
	        {"Basic OmI=", "", "b"},
	        {"Basic YTpiOmM=", "a", "b:c"},
	        {"Basic w6nDqDrDvA==", "\xc3\xa9\xc3\xa8", "\xc3\xbc"},
	};
	static const char *const bad[] = {
	        NULL,         "",           "Basic",          "Basic ",           "Bearer YTo=",
	        "BasicYTo=",  "Basic YTo",  "Basic YWxpY2U=", "Basic YTo=YTo=",   "Basic Y===",
	        "Basic =TpB", "Basic YT p", "Basic YTp_",     "Basic YTpiOmM=\n", "Basic ===="};
	struct basic_login login;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(basic_parse(&login, good[i].header));
		assert_string_equal(login.name, good[i].name);
		assert_string_equal(login.password, good[i].password);
		assert_int_equal(login.name_length, strlen(good[i].name));
		assert_int_equal(login.password_length, strlen(good[i].password));
		basic_release(&login);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (basic_parse(&login, bad[i]))
			fail_msg("%s: taken", bad[i]);
	assert_true(basic_parse(&login, "Basic YQBiOmMAZA==")); /* a NUL b : c NUL d */
	assert_int_equal(login.name_length, 3);
	assert_memory_equal(login.name, "a\0b", 3);
	assert_int_equal(login.password_length, 3);
	assert_memory_equal(login.password, "c\0d", 3);
	basic_release(&login);
}

static size_t count_allowed(struct rate_limit *limit, uint64_t now, size_t tries)
{
	size_t allowed = 0;

	for (size_t i = 0; i < tries; i++)
		allowed += rate_limit_take(limit, now);
	return allowed;
}

static void test_rate(void **state)
{
	struct rate_limit limit = {0};

	(void)state;
	assert_int_equal(count_allowed(&limit, 5, 1000), 1000);
	rate_limit_set(&limit, 100, 3);
	assert_int_equal(count_allowed(&limit, 1000, 10), 3);
	assert_int_equal(count_allowed(&limit, 1099, 10), 0);
	assert_int_equal(count_allowed(&limit, 1100, 10), 1);
	assert_int_equal(count_allowed(&limit, 1350, 10), 2);
	assert_int_equal(count_allowed(&limit, 1399, 10), 0);
	assert_int_equal(count_allowed(&limit, 1400, 10), 1);
	assert_int_equal(count_allowed(&limit, 100000, 10), 3);
	rate_limit_set(&limit, 100, 3); /* the same limit again adds no tokens */
	assert_int_equal(count_allowed(&limit, 100000, 10), 0);
	rate_limit_set(&limit, 100, 4);
	assert_int_equal(count_allowed(&limit, 100000, 10), 4);
	rate_limit_set(&limit, 100, 0);
	assert_int_equal(count_allowed(&limit, 200000, 10), 0);
	rate_limit_set(&limit, 100, -1);
	assert_int_equal(count_allowed(&limit, 200000, 10), 0);
	rate_limit_set(&limit, UINT64_C(3600000000000), 5124097); /* an hour: together they pass 64 bits */
	assert_int_equal(count_allowed(&limit, 200000, 1000), 1000);
	rate_limit_set(&limit, INT64_MAX, INT32_MAX);
	assert_true(count_allowed(&limit, UINT64_MAX / 4, 10) >= 1);
	rate_limit_set(&limit, 0, 0);
	assert_int_equal(count_allowed(&limit, 200000, 10), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_durations), cmocka_unit_test(test_numbers), cmocka_unit_test(test_bcrypt),
	        cmocka_unit_test(test_logins),    cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
