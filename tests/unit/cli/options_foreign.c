/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of flags that do not work on every system. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/cli/parser.h"

static const struct {
	const char *flag, *shown;
	unsigned lack; /* 0: works everywhere */
} cases[] = {
        {"--web.systemd-socket", "--web.systemd-socket", LACKS_SYSTEMD},
        {"--no-web.systemd-socket", "", 0},
        {"--collector.label=netns", "--collector.label=netns", LACKS_NETNS},
        {"--collector.label=container", "--collector.label=container", LACKS_CONTAINERS},
        {"--collector.label=unit", "", 0},
        {"--collector.process-name=cmdline", "--collector.process-name=cmdline", LACKS_ARGUMENTS},
        {"--collector.process-name=exe", "", 0},
        {"--collector.netns=all", "--collector.netns=all", LACKS_NETNS},
        {"--collector.shared-sockets", "--collector.shared-sockets", LACKS_HOLDERS},
        {"--no-collector.shared-sockets", "", 0},
        {"--collector.closed-owners", "--collector.closed-owners", LACKS_CLOSED_OWNERS},
        {"--path.procfs=/tmp", "--path.procfs", LACKS_PROCFS},
        {"--security.seccomp", "--security.seccomp", LACKS_SECCOMP},
        {"--no-security.seccomp", "", 0},
        {"--service=install", "--service=install", LACKS_SERVICES},
};

/* Returns the flag that does not work here. */
static const char *foreign(int argc, const char *first, const char *second)
{
	static struct options options;
	const char *const argv[] = {first, second};
	char error[256];

	assert_int_equal(options_parse(&options, argc, argv, error, sizeof(error)), 0);
	return options.foreign;
}

static void test_flags(void **state)
{
	(void)state;
	assert_string_equal(foreign(0, NULL, NULL), "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const bool lacks = (cases[i].lack & platform_lacks) != 0;

		assert_string_equal(foreign(1, cases[i].flag, NULL), lacks ? cases[i].shown : "");
		assert_string_equal(foreign(2, "--log.level=warn", cases[i].flag), lacks ? cases[i].shown : "");
	}
}

/* A recording has the facts of its own system. */
static void test_recordings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const bool lacks = (cases[i].lack & platform_lacks & LACKS_FOR_GOOD) != 0;

		assert_string_equal(foreign(2, cases[i].flag, "--collector.replay=x"), lacks ? cases[i].shown : "");
	}
}

static void test_words(void **state)
{
	static const char *const argv[] = {"--collector.label=port"};
	struct options options;
	char error[256];

	(void)state;
	assert_int_equal(options_parse(&options, 1, argv, error, sizeof(error)), -EINVAL);
	assert_string_equal(error,
	                    platform_lacks & LACKS_NETNS
	                            ? "--collector.label: \"port\" is not one of pid, user, exe, unit, family, "
	                              "local_address"
	                            : "--collector.label: \"port\" is not one of pid, user, exe, unit, container, "
	                              "netns, family, local_address");
}

static void test_help(void **state)
{
	struct textbuf out;

	(void)state;
	textbuf_init(&out, 1 << 16);
	options_help(&out);
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_int_equal(strstr(out.data, "--path.procfs=") != NULL, !(platform_lacks & LACKS_PROCFS));
	assert_int_equal(strstr(out.data, "--[no-]security.seccomp") != NULL, !(platform_lacks & LACKS_SECCOMP));
	assert_int_equal(strstr(out.data, "--service=") != NULL, !(platform_lacks & LACKS_SERVICES));
	textbuf_release(&out);
}

static void test_systems(void **state)
{
	const bool is_windows = strcmp(platform_system, "Windows") == 0;

	(void)state;
	assert_int_equal((platform_lacks & LACKS_PROCFS) != 0, is_windows);
	assert_int_equal((platform_lacks & LACKS_SERVICES) != 0, !is_windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_flags), cmocka_unit_test(test_recordings), cmocka_unit_test(test_words),
	        cmocka_unit_test(test_help),  cmocka_unit_test(test_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
