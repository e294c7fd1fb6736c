/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of routes: a table of methods and paths. */
#include "exporter/http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *method, *path, *telemetry_path;
	enum route route;
} cases[] = {
        {"GET", "/metrics", "/metrics", ROUTE_METRICS},
        {"HEAD", "/metrics", "/metrics", ROUTE_METRICS},
        {"GET", "/", "/metrics", ROUTE_LANDING},
        {"HEAD", "/", "/metrics", ROUTE_LANDING},
        {"GET", "/healthz", "/metrics", ROUTE_HEALTHZ},
        {"GET", "/readyz", "/metrics", ROUTE_READYZ},
        {"GET", "/page.css", "/metrics", ROUTE_PAGE_FILE},
        {"HEAD", "/page.js", "/metrics", ROUTE_PAGE_FILE},
        {"POST", "/page.js", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"GET", "/page.css", "/page.css", ROUTE_METRICS},
        {"GET", "/page.html", "/metrics", ROUTE_NOT_FOUND},
        {"GET", "/index.html", "/metrics", ROUTE_NOT_FOUND},
        {"GET", "/metrics", "/tcp", ROUTE_NOT_FOUND},
        {"GET", "/tcp", "/tcp", ROUTE_METRICS},
        {"GET", "/", "/", ROUTE_METRICS},
        {"GET", "/healthz", "/healthz", ROUTE_METRICS},
        {"GET", "/metrics/", "/metrics", ROUTE_NOT_FOUND},
        {"GET", "/METRICS", "/metrics", ROUTE_NOT_FOUND},
        {"GET", "/metricsx", "/metrics", ROUTE_NOT_FOUND},
        {"GET", "", "/metrics", ROUTE_NOT_FOUND},
        {"POST", "/metrics", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"PUT", "/", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"DELETE", "/healthz", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"OPTIONS", "/readyz", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"OPTIONS", "*", "/metrics", ROUTE_OPTIONS},
        {"GET", "*", "/metrics", ROUTE_BAD_TARGET},
        {"get", "/metrics", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"POST", "/nothing", "/metrics", ROUTE_NOT_FOUND},
        {"GET", "/sockets", "/metrics", ROUTE_SOCKETS},
        {"HEAD", "/sockets", "/metrics", ROUTE_SOCKETS},
        {"POST", "/sockets", "/metrics", ROUTE_METHOD_NOT_ALLOWED},
        {"GET", "/sockets", "/sockets", ROUTE_METRICS},
        {"GET", "/sockets/", "/metrics", ROUTE_NOT_FOUND},
};

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum route route = route_find(cases[i].method, cases[i].path, cases[i].telemetry_path, true);

		if (route != cases[i].route)
			fail_msg("%s %s with metrics at %s: route %d", cases[i].method, cases[i].path,
			         cases[i].telemetry_path, (int)route);
	}
}

static void test_sockets_off(void **state)
{
	(void)state;
	assert_int_equal(route_find("GET", "/sockets", "/metrics", false), ROUTE_NOT_FOUND);
	assert_int_equal(route_find("POST", "/sockets", "/metrics", false), ROUTE_NOT_FOUND);
	assert_int_equal(route_find("GET", "/sockets", "/sockets", false), ROUTE_METRICS);
}

static void test_paths(void **state)
{
	static const char *const targets[][2] = {
	        {"/metrics", "/metrics"},
	        {"http://host/metrics", "/metrics"},
	        {"https://user@[2001:db8::1]:10793/metrics", "/metrics"},
	        {"HTTP://host:80", "/"},
	        {"http://host/http://x/", "/http://x/"},
	        {"http:///metrics", "http:///metrics"},
	        {"http://", "http://"},
	        {"http:/metrics", "http:/metrics"},
	        {"ftp://host/metrics", "ftp://host/metrics"},
	        {"/http://host/metrics", "/http://host/metrics"},
	        {"*", "*"},
	        {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		assert_string_equal(route_path(targets[i][0]), targets[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_routes),
	        cmocka_unit_test(test_sockets_off),
	        cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
