/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of flags that Windows does not support: they are errors, except with a recorded snapshot. */
#include "exporter/cli/parser.h"
#include "exporter/scrape/backend.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct options parsed(const char *first, const char *second)
{
	const char *const argv[] = {first, second};
	struct options options;
	char error[256];

	assert_int_equal(options_parse(&options, (first != NULL) + (second != NULL), argv, error, sizeof(error)), 0);
	return options;
}

static const struct {
	const char *flag, *text;
} refused[] = {
        {"--path.procfs=/tmp", "--path.procfs does not work here: the backend \"iphlpapi\" has no procfs to read"},
        {"--collector.netns=all",
         "--collector.netns=all does not work here: the backend \"iphlpapi\" has no network namespaces to read"},
        {"--collector.label=netns",
         "--collector.label=netns does not work here: the backend \"iphlpapi\" has no network namespaces to read"},
        {"--collector.label=container",
         "--collector.label=container does not work here: the backend \"iphlpapi\" has no containers to read"},
        {"--collector.process-name=cmdline", "--collector.process-name=cmdline does not work here: the backend "
                                             "\"iphlpapi\" has no arguments of processes to read"},
        {"--collector.closed-owners", "--collector.closed-owners does not work here: the backend \"iphlpapi\" has no "
                                      "owners of closed connections to read"},
};

static void test_refused(void **state)
{
	static const char *const backends[] = {"--collector.backend=auto", "--collector.backend=iphlpapi"};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		for (size_t j = 0; j < 2; j++) {
			const struct options options = parsed(refused[i].flag, backends[j]);
			struct platform_error error = {""};
			struct open_backend open;

			assert_int_equal(backend_open(&open, &options, 0, &error), -ENOTSUP);
			assert_string_equal(error.text, refused[i].text);
			backend_close(&open);
		}
	}
}

static void test_accepted(void **state)
{
	static const char *const flags[] = {
	        "--path.procfs=/proc",          "--collector.netns=own",    "--collector.label=unit",
	        "--collector.label=exe",        "--collector.label=user",   "--collector.label=pid",
	        "--collector.process-name=exe", "--collector.label=family", "--collector.label=local_address",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const struct options options = parsed(flags[i], NULL);
		struct platform_error error = {""};
		struct open_backend open;

		if (backend_open(&open, &options, backend_wants_to_serve(&options), &error) != 0)
			fail_msg("%s: %s", flags[i], error.text);
		assert_string_equal(open.backend->name, "iphlpapi");
		backend_close(&open);
	}
}

static void test_replay(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct options options = parsed(refused[i].flag, "--collector.replay=/nonexistent");
		struct platform_error error = {""};
		struct open_backend open;

		assert_int_equal(backend_open(&open, &options, 0, &error), -ENOENT);
		backend_close(&open);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_accepted),
	        cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
