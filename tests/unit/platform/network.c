/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the network of an address. */
#include "exporter/platform/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static uint64_t network(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return host_connection_network((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return host_connection_network((const struct sockaddr *)&v6);
}

static void test_networks(void **state)
{
	static const char *const same[][2] = {
	        {"192.0.2.1", "192.0.2.1"},
	        {"192.0.2.1", "::ffff:192.0.2.1"},
	        {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"},
	};
	static const char *const different[][2] = {
	        {"192.0.2.1", "192.0.2.2"},
	        {"::ffff:192.0.2.1", "::ffff:192.0.2.2"},
	        {"2001:db8:1:2::1", "2001:db8:1:3::1"},
	        {"192.0.2.1", "::1"},
	        {"0.0.0.0", "::"},
	        {"32.1.13.184", "2001:db8::1"},
	        {"32.1.13.184", "2001:db8:100::1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_true(network(same[i][0]) == network(same[i][1]));
	for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++)
		assert_true(network(different[i][0]) != network(different[i][1]));
}

static void test_no_network(void **state)
{
	const struct sockaddr other = {.sa_family = AF_UNSPEC};

	(void)state;
	assert_true(host_connection_network(&other) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_networks),
	        cmocka_unit_test(test_no_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
