/* SPDX-License-Identifier: Apache-2.0 */
/* The output of netsh, in several languages, and the range of both families. */
#include "exporter/platform/windows/ports/netsh_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/windows/ports/port_range.h"

static bool parse(const char *text, uint16_t *low, uint16_t *high)
{
	return netsh_parse_range(text, strlen(text), low, high);
}

static void test_range(void **state)
{
	uint16_t low, high;

	(void)state;
	assert_true(parse("\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\n"
	                  "Start Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n",
	                  &low, &high));
	assert_int_equal(low, 49152);
	assert_int_equal(high, 65535);
	assert_true(
	        parse("Dynamischer Portbereich f\xfcr Protokoll tcp\n---\nStartport   : 1025\nAnzahl von Ports : 64511",
	              &low, &high));
	assert_int_equal(low, 1025);
	assert_int_equal(high, 65535);
	assert_true(parse("a: 10\nb: 1\n", &low, &high));
	assert_int_equal(low, 10);
	assert_int_equal(high, 10);
}

static void test_other_text(void **state)
{
	static const char *const texts[] = {
	        "",
	        "\n",
	        "Start Port : 49152\n",
	        "a 1\nb 2\nc 3\n",
	        "a : 65535\nb : 2\n",
	        "a : 99999999999\nb : 1\n",
	        "a : 0\nb : 5\n",
	        "The following command was not found: interface ipv4 show dynamicport tcp.\n",
	};
	uint16_t low, high;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(parse(texts[i], &low, &high));
}

static size_t count(const struct port_set *ports)
{
	size_t found = 0;

	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		found += port_set_has(ports, (uint16_t)port);
	return found;
}

static void test_excluded(void **state)
{
	static const char text[] =
	        "\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n"
	        "----------    --------      \r\n      5357        5357      \r\n"
	        "     50000       50059     *\r\n     65535       65535\r\n     70000       70001\r\n"
	        "        20          10\r\n\r\n* - Administered port exclusions.\r\n\r\n";
	struct port_set ports = {0};

	(void)state;
	netsh_parse_excluded(text, sizeof(text) - 1, &ports);
	assert_int_equal(count(&ports), 62);
	assert_true(port_set_has(&ports, 5357));
	assert_true(port_set_has(&ports, 50000));
	assert_true(port_set_has(&ports, 50059));
	assert_true(port_set_has(&ports, 65535));
}

static void assert_merged(uint16_t low4, uint16_t high4, uint16_t low6, uint16_t high6, uint16_t low, uint16_t high,
                          size_t excluded)
{
	struct port_range range = {.low = low4, .high = high4};

	port_range_merge(&range, low6, high6);
	assert_int_equal(range.low, low);
	assert_int_equal(range.high, high);
	assert_int_equal(count(&range.excluded), excluded);
}

static void test_merge(void **state)
{
	(void)state;
	assert_merged(49152, 65535, 49152, 65535, 49152, 65535, 0);
	assert_merged(1025, 65535, 49152, 65535, 1025, 65535, 0);
	assert_merged(1000, 1999, 1500, 2999, 1000, 2999, 0);
	assert_merged(1000, 1999, 2000, 2999, 1000, 2999, 0);
	assert_merged(1000, 1999, 3000, 3999, 1000, 3999, 1000); /* neither range has the ports between them */
	assert_merged(3000, 3999, 1000, 1999, 1000, 3999, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_range),
	        cmocka_unit_test(test_other_text),
	        cmocka_unit_test(test_excluded),
	        cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
