/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of gzip_write(): zlib reads the same bytes back, body after body. */
#include "exporter/scrape/gzip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

enum { BIG = 3 * 1000 * 1000, LIMIT = 8 * 1024 * 1024 };

/* Fills `bytes` with bytes that compress (`noise` 0) or do not (1). */
static void fill(char *bytes, size_t length, int noise)
{
	uint32_t seed = 12345;

	for (size_t i = 0; i < length; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(noise ? seed >> 24 : 'a' + (seed >> 30));
	}
}

static void assert_inflates_to(const struct textbuf *packed, const char *bytes, size_t length)
{
	char *plain = malloc(length + 1);
	z_stream stream = {.next_in = (unsigned char *)packed->data,
	                   .avail_in = (unsigned)packed->length,
	                   .next_out = (unsigned char *)plain,
	                   .avail_out = (unsigned)length + 1};

	assert_non_null(plain);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(stream.total_out, length);
	assert_memory_equal(plain, bytes, length);
	inflateEnd(&stream);
	free(plain);
}

static void test_round_trip(void **state)
{
	static const size_t lengths[] = {0, 1, 1000, 16 * 1024, BIG, 5};
	char *bytes = malloc(BIG);
	struct textbuf out;
	struct gzip gzip;

	(void)state;
	assert_non_null(bytes);
	textbuf_init(&out, LIMIT);
	gzip_init(&gzip);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (int noise = 0; noise < 2; noise++) {
			fill(bytes, lengths[i], noise);
			textbuf_reset(&out);
			assert_int_equal(gzip_write(&gzip, &out, bytes, lengths[i]), 0);
			assert_inflates_to(&out, bytes, lengths[i]);
		}
	}
	gzip_release(&gzip);
	textbuf_release(&out);
	free(bytes);
}

static void test_limit(void **state)
{
	char *bytes = malloc(BIG);
	struct textbuf out;
	struct gzip gzip;

	(void)state;
	assert_non_null(bytes);
	fill(bytes, BIG, 1);
	textbuf_init(&out, BIG / 2);
	gzip_init(&gzip);
	assert_int_equal(gzip_write(&gzip, &out, bytes, BIG), -EFBIG);
	textbuf_reset(&out); /* a failure harms no later body */
	assert_int_equal(gzip_write(&gzip, &out, bytes, 1000), 0);
	assert_inflates_to(&out, bytes, 1000);
	gzip_release(&gzip);
	textbuf_release(&out);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_round_trip),
	        cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
