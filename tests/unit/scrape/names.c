/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the names that patterns give to the processes of a snapshot. */
#include "exporter/scrape/names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const patterns[] = {"java .*-Dservice=(\\S+).*", "(\\w+) .*"};

static void add(struct snapshot *snapshot, const char *name)
{
	uint32_t index;

	assert_int_equal(snapshot_add_process(snapshot, 1, 1, &index), 0);
	if (name != NULL)
		assert_int_equal(snapshot_set_text(snapshot, index, PROCESS_NAME, name, strlen(name)), 0);
}

static void expect(const struct snapshot *snapshot, uint32_t index, const char *name)
{
	struct snapshot_text text = snapshot->processes[index].text[PROCESS_NAME];

	assert_int_equal(text.length, strlen(name));
	assert_memory_equal(snapshot_text(snapshot, text), name, text.length);
}

static void test_first_match(void **state)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error;
	struct snapshot snapshot;
	struct names *names;

	(void)state;
	snapshot_init(&snapshot);
	assert_int_equal(names_new(&names, patterns, 2, &error), 0);
	for (unsigned round = 0; round < 2; round++) {
		snapshot_reset(&snapshot);
		add(&snapshot, "java -Dservice=billing Main"); /* both match: the first counts */
		add(&snapshot, "java Main");
		add(&snapshot, "nginx");
		add(&snapshot, "");
		add(&snapshot, "java -Dservice=caf\xe9 Main"); /* matched as UTF-8 */
		add(&snapshot, NULL);
		assert_int_equal(names_apply(names, &snapshot, &deadline, &error), 0);
		expect(&snapshot, 0, "billing");
		expect(&snapshot, 1, "java");
		expect(&snapshot, 2, "nginx");
		expect(&snapshot, 3, "");
		expect(&snapshot, 4, "caf\xef\xbf\xbd");
		assert_int_equal(snapshot.processes[5].text[PROCESS_NAME].length, TEXT_ABSENT);
	}
	names_free(names);
	snapshot_release(&snapshot);
}

static void test_no_patterns(void **state)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error;
	struct snapshot snapshot;
	struct names *names;

	(void)state;
	snapshot_init(&snapshot);
	add(&snapshot, "java Main");
	assert_int_equal(names_new(&names, patterns, 0, &error), 0);
	assert_null(names);
	assert_int_equal(names_apply(names, &snapshot, &deadline, &error), 0);
	expect(&snapshot, 0, "java Main");
	snapshot_release(&snapshot);
}

static void test_errors(void **state)
{
	static const char *const bad[] = {"(a)", "("};
	struct deadline deadline = {.expires_ns = 0};
	struct platform_error error;
	struct snapshot snapshot;
	struct names *names;

	(void)state;
	assert_int_equal(names_new(&names, bad, 2, &error), -EINVAL);
	assert_null(names);
	assert_non_null(strstr(error.text, "patterns"));
	snapshot_init(&snapshot);
	add(&snapshot, "java Main");
	assert_int_equal(names_new(&names, patterns, 2, &error), 0);
	assert_int_equal(names_apply(names, &snapshot, &deadline, &error), -ETIMEDOUT);
	assert_non_null(strstr(error.text, "cannot name processes"));
	names_free(names);
	snapshot_release(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_first_match),
	        cmocka_unit_test(test_no_patterns),
	        cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
