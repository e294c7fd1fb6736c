/* SPDX-License-Identifier: Apache-2.0 */
/* Test of a log without a reader. Not on Windows, where a write to a full pipe blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/log.h"

/* A pipe without a reader accepts some lines. The log counts the others, and does not block. */
static void test_stuck_reader(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	static char text[1 << 20];
	ssize_t got;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	for (int i = 0; i < 10000; i++)
		log_message(LOG_LEVEL_WARN, "loud", NULL);
	got = read(ends[0], text, sizeof(text));
	log_message(LOG_LEVEL_WARN, "last", NULL);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	assert_true(got > 4096);
	got = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(got > 0);
	text[got] = '\0';
	assert_non_null(strstr(text, "dropped"));
	assert_non_null(strstr(text, "count="));
	assert_non_null(strstr(text, "msg=last\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_stuck_reader)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
