/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rights that cannot be dropped and of a filter that the kernel refuses: both are errors. */
#include "exporter/platform/privilege.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cap-ng.h>

#include "exporter/platform/linux/host/capability.h"
#include "exporter/cli/parser.h"
#include "exporter/serve.h"

enum { AS_ASKED = 1 };

static int apply_result, load_result;

int __real_capng_apply(capng_select_t sets);
int __wrap_capng_apply(capng_select_t sets);
int __wrap_capng_apply(capng_select_t sets)
{
	return apply_result == AS_ASKED ? __real_capng_apply(sets) : apply_result; /* applies nothing */
}

int __wrap_seccomp_load(const void *filter);
int __wrap_seccomp_load(const void *filter)
{
	(void)filter;
	return load_result;
}

static void test_a_drop_that_fails(void **state)
{
	const struct platform_rights rights = {0};
	struct platform_error error = {""};
	char kept[PRIVILEGE_TEXT_MAX];

	(void)state;
	apply_result = -4;
	assert_int_equal(privilege_drop(&rights, kept, sizeof(kept), &error), -EPERM);
	assert_string_equal(error.text, "cannot drop privileges: setting the capabilities: Operation not permitted");
}

/* A process without rights keeps none. */
static void test_a_drop_that_does_nothing(void **state)
{
	const struct platform_rights rights = {0};
	struct platform_error error = {""};
	char kept[PRIVILEGE_TEXT_MAX];
	bool had_some;

	(void)state;
	assert_int_equal(capng_get_caps_process(), 0);
	had_some = capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE;
	apply_result = 0;
	assert_int_equal(privilege_drop(&rights, kept, sizeof(kept), &error), had_some ? -EPERM : 0);
	if (had_some)
		assert_string_equal(error.text,
		                    "cannot drop privileges: a capability was not dropped: Operation not permitted");
	else
		assert_string_equal(kept, "none");
}

static void test_a_filter_that_is_refused(void **state)
{
	const struct platform_rights rights = {0};
	struct platform_error error = {""};

	(void)state;
	load_result = -EINVAL;
	assert_int_equal(privilege_install_seccomp(&rights, &error), privilege_has_seccomp ? -EINVAL : -ENOTSUP);
	assert_string_equal(error.text, privilege_has_seccomp
	                                        ? "cannot install the seccomp filter: Invalid argument "
	                                          "(--no-security.seccomp starts without it)"
	                                        : "cannot install the seccomp filter: this build has none");
}

/* The program does not start after an error. This test is the last, because it drops the rights of the process. */
static void test_no_start(void **state)
{
	static const char *const argv[] = {"--web.listen-address=127.0.0.1:0", "--collector.backend=procfs"};
	const struct build_info build = {"", "", ""};
	struct platform_error error = {""};
	struct options options;
	char usage[256];

	(void)state;
	assert_int_equal(options_parse(&options, 2, argv, usage, sizeof(usage)), 0);
	apply_result = -4;
	assert_int_equal(serve(&options, &build, &error), -EPERM);
	assert_non_null(strstr(error.text, "cannot drop privileges"));
	if (!privilege_has_seccomp)
		return;
	apply_result = AS_ASKED;
	load_result = -EINVAL;
	assert_int_equal(serve(&options, &build, &error), -EINVAL);
	assert_non_null(strstr(error.text, "cannot install the seccomp filter"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_drop_that_fails),
	        cmocka_unit_test(test_a_drop_that_does_nothing),
	        cmocka_unit_test(test_a_filter_that_is_refused),
	        cmocka_unit_test(test_no_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
