/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the collector: the bytes of one snapshot, and the cause that a failure is counted by. */
#include "exporter/scrape/collector.h"

#include "tests/unit/fake_platform.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define CONNECTIONS METRIC_BIT(METRIC_CONNECTIONS)

struct fixture {
	struct platform *fake;
	struct collector collector;
	struct deadline deadline;
	struct platform_error error;
	struct report_self self;
	const char *bytes;
	size_t length;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct collector_options options = {.backend = &fake_backend, .max_series = 10000};

	assert_non_null(fixture);
	options.platform = fixture->fake = fake_new();
	collector_init(&fixture->collector, &options);
	fixture->deadline.expires_ns = UINT64_MAX;
	fixture->self.version = fixture->self.revision = fixture->self.compiler = fixture->self.backend = "x";
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	collector_release(&fixture->collector);
	fake_free(fixture->fake);
	free(fixture);
	return 0;
}

static int take(struct fixture *fixture)
{
	return collector_take(&fixture->collector, &fixture->deadline, &fixture->error);
}

static void write_out(struct fixture *fixture, enum exposition_format format, bool gzip, uint64_t families)
{
	const struct collector_form form = {.format = format, .gzip = gzip, .families = families};

	assert_int_equal(collector_write(&fixture->collector, &form, &fixture->self, &fixture->bytes, &fixture->length,
	                                 &fixture->error),
	                 0);
}

static bool has(const struct fixture *fixture, const char *text)
{
	return memmem(fixture->bytes, fixture->length, text, strlen(text)) != NULL;
}

static void test_counts(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned round = 1; round < 4; round++) {
		fake_connections(fixture->fake, round);
		assert_int_equal(take(fixture), 0);
		write_out(fixture, FORMAT_TEXT, false, METRICS_ALL);
		assert_true(has(fixture, "# TYPE tcp_connections gauge\n"));
		assert_true(has(fixture, round == 1   ? "tcp_sockets{state=\"close_wait\"} 1\n"
		                         : round == 2 ? "tcp_sockets{state=\"close_wait\"} 2\n"
		                                      : "tcp_sockets{state=\"close_wait\"} 3\n"));
		assert_true(has(fixture, "tcp_sockets{state=\"listen\"} 1\n"));
		assert_true(has(fixture, "phase=\"aggregate\""));
		assert_true(has(fixture, "process_resident_memory_bytes "));
		assert_false(has(fixture, "# EOF"));
	}
}

static void test_wishes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take(fixture), 0);
	write_out(fixture, FORMAT_OPENMETRICS, false, METRIC_BIT(METRIC_SOCKETS));
	assert_true(has(fixture, "# EOF\n"));
	assert_true(has(fixture, "tcp_sockets{"));
	assert_false(has(fixture, "tcp_connections"));
	write_out(fixture, FORMAT_TEXT, false, CONNECTIONS);
	assert_true(has(fixture, "tcp_connections{"));
	assert_false(has(fixture, "tcp_sockets"));
	write_out(fixture, FORMAT_TEXT, false, 0);
	assert_int_equal(fixture->length, 0);
}

static void test_gzip(void **state)
{
	struct fixture *fixture = *state;
	unsigned char *packed, plain[64 * 1024];
	size_t packed_length;
	z_stream stream = {.next_out = plain, .avail_out = sizeof(plain)};

	assert_int_equal(take(fixture), 0);
	write_out(fixture, FORMAT_TEXT, true, CONNECTIONS);
	packed_length = fixture->length;
	packed = malloc(packed_length);
	assert_non_null(packed);
	memcpy(packed, fixture->bytes, packed_length);
	write_out(fixture, FORMAT_TEXT, false, CONNECTIONS);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = packed;
	stream.avail_in = (unsigned)packed_length;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, fixture->length);
	assert_memory_equal(plain, fixture->bytes, fixture->length);
	inflateEnd(&stream);
	free(packed);
}

static void test_failure(void **state)
{
	struct fixture *fixture = *state;

	fake_fail(fixture->fake, EMFILE);
	assert_int_equal(take(fixture), -EMFILE);
	assert_non_null(strstr(fixture->error.text, "cannot read the fake table"));
	fake_fail(fixture->fake, 0);
	assert_int_equal(take(fixture), 0);
	fixture->deadline.expires_ns = 1;
	assert_int_equal(take(fixture), -ETIMEDOUT);
	fixture->deadline.cancelled = true;
	assert_int_equal(take(fixture), -ECANCELED);
}

static void test_causes(void **state)
{
	static const struct {
		int error;
		enum scrape_cause cause;
	} cases[] = {
	        {ENOMEM, CAUSE_MEMORY},     {EMFILE, CAUSE_DESCRIPTORS}, {ENFILE, CAUSE_DESCRIPTORS},
	        {EACCES, CAUSE_PERMISSION}, {EPERM, CAUSE_PERMISSION},   {ETIMEDOUT, CAUSE_TIMEOUT},
	        {EIO, CAUSE_SYSTEM},        {EFBIG, CAUSE_SYSTEM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(collector_cause(-cases[i].error), cases[i].cause);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_wishes, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_gzip, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
	        cmocka_unit_test(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
