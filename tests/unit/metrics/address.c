/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of addresses as text: dotted decimal and RFC 5952. */
#include "metrics/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(int family, const void *bytes, const char *expected)
{
	struct snapshot_address address = {.family = (uint8_t)family};
	char text[ADDRESS_TEXT_MAX];

	memcpy(address.bytes, bytes, family == 4 ? 4 : 16);
	assert_int_equal(address_format(text, &address), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_v4(void **state)
{
	(void)state;
	check(4, "\0\0\0\0", "0.0.0.0");
	check(4, "\x7f\0\0\1", "127.0.0.1");
	check(4, "\xff\xff\xff\xff", "255.255.255.255");
	check(4, "\x0a\x63\x64\x09", "10.99.100.9");
}

static void test_v6_examples(void **state)
{
	static const struct {
		const char *any_form, *canonical;
	} cases[] = {
	        {"0:0:0:0:0:0:0:0", "::"},
	        {"0:0:0:0:0:0:0:1", "::1"},
	        {"1::", "1::"},
	        {"2001:0DB8::0001", "2001:db8::1"},
	        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
	        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char bytes[16];

		assert_int_equal(inet_pton(AF_INET6, cases[i].any_form, bytes), 1);
		check(6, bytes, cases[i].canonical);
	}
}

/* The C library follows RFC 5952 too, but for the forms with an embedded IPv4 address. */
static void test_v6_like_the_c_library(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		char expected[INET6_ADDRSTRLEN];
		unsigned char bytes[16];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = rand() % 3 == 0 ? (unsigned char)rand() : 0;
		bytes[0] |= 0x20;
		assert_non_null(inet_ntop(AF_INET6, bytes, expected, sizeof(expected)));
		check(6, bytes, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_v4),
	        cmocka_unit_test(test_v6_examples),
	        cmocka_unit_test(test_v6_like_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
