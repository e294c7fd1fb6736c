/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the text buffer: growth and its limit, sticky errors, numbers, repair of UTF-8. */
#include "metrics/textbuf.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BAD             "\xef\xbf\xbd"
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void assert_text(const struct textbuf *buf, const char *expected)
{
	assert_int_equal(buf->error, 0);
	assert_int_equal(buf->length, strlen(expected));
	assert_memory_equal(buf->data, expected, buf->length);
}

static void test_appends(void **state)
{
	struct textbuf buf;

	(void)state;
	textbuf_init(&buf, 100);
	textbuf_append(&buf, NULL, 0);
	assert_int_equal(buf.length, 0);
	textbuf_append(&buf, "abc", 2);
	textbuf_puts(&buf, "-");
	textbuf_puts(&buf, "");
	textbuf_putc(&buf, '\0');
	textbuf_printf(&buf, "%s%d", "x", -5);
	textbuf_printf(&buf, "%s", "");
	assert_int_equal(buf.length, 7);
	assert_memory_equal(buf.data, "ab-\0x-5", 7);
	textbuf_release(&buf);
	assert_null(buf.data);
	textbuf_puts(&buf, "again");
	assert_text(&buf, "again");
	textbuf_release(&buf);
}

static void test_growth_keeps_bytes_and_memory(void **state)
{
	enum { BYTES = 1000000 };
	struct textbuf buf;
	size_t grown = 0, capacity = 0;
	char *data;

	(void)state;
	textbuf_init(&buf, BYTES);
	for (int i = 0; i < BYTES; i++) {
		textbuf_putc(&buf, (char)('a' + i % 26));
		assert_true(buf.capacity <= buf.limit && buf.length <= buf.capacity);
		grown += buf.capacity != capacity;
		capacity = buf.capacity;
	}
	assert_int_equal(buf.error, 0);
	assert_int_equal(buf.length, BYTES);
	assert_in_range(grown, 2, 20);
	for (int i = 0; i < BYTES; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	data = buf.data;
	textbuf_reset(&buf);
	for (int i = 0; i < BYTES; i++)
		textbuf_putc(&buf, 'x');
	assert_ptr_equal(buf.data, data);
	textbuf_release(&buf);
}

/* Writers, each of eight bytes. */
static void write_append(struct textbuf *buf)
{
	textbuf_append(buf, "12345678", 8);
}

static void write_puts(struct textbuf *buf)
{
	textbuf_puts(buf, "12345678");
}

static void write_bytes(struct textbuf *buf)
{
	for (char c = '1'; c <= '8'; c++)
		textbuf_putc(buf, c);
}

static void write_uint(struct textbuf *buf)
{
	textbuf_put_uint(buf, 12345678);
}

static void write_decimal(struct textbuf *buf)
{
	textbuf_put_decimal(buf, 1234567, 3);
}

static void write_printf(struct textbuf *buf)
{
	textbuf_printf(buf, "%d", 12345678);
}

static void write_utf8(struct textbuf *buf)
{
	textbuf_put_utf8(buf,
	                 "1234\xc3\xa4"
	                 "56",
	                 8);
}

static void test_limit_is_exact_and_sticks(void **state)
{
	static void (*const writers[])(struct textbuf *) = {write_append,  write_puts,   write_bytes, write_uint,
	                                                    write_decimal, write_printf, write_utf8};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(writers); i++) {
		struct textbuf buf;

		textbuf_init(&buf, 18);
		writers[i](&buf);
		writers[i](&buf);
		textbuf_puts(&buf, "ab"); /* the last bytes that fit */
		assert_int_equal(buf.error, 0);
		assert_int_equal(buf.length, 18);
		writers[i](&buf);
		assert_int_equal(buf.error, -EFBIG);
		assert_int_equal(buf.length, 18);
		buf.length = 0; /* room alone does not end the error */
		writers[i](&buf);
		assert_int_equal(buf.length, 0);
		assert_int_equal(buf.error, -EFBIG);
		textbuf_reset(&buf);
		textbuf_puts(&buf, "fine");
		assert_text(&buf, "fine");
		textbuf_release(&buf);
	}
}

static void test_out_of_memory(void **state)
{
	struct textbuf buf;

	(void)state;
	textbuf_init(&buf, SIZE_MAX);
	textbuf_append(&buf, "x", SIZE_MAX); /* no allocator has this much memory, so nothing is read */
	assert_int_equal(buf.error, -ENOMEM);
	textbuf_puts(&buf, "more");
	assert_int_equal(buf.length, 0);
	textbuf_reset(&buf);
	textbuf_puts(&buf, "fine");
	textbuf_append(&buf, "x", SIZE_MAX);
	assert_int_equal(buf.error, -EFBIG);
	textbuf_release(&buf);
}

static void test_integers(void **state)
{
	uint64_t power = 1;
	struct textbuf buf;
	char expected[32];

	(void)state;
	textbuf_init(&buf, 100);
	for (int digits = 0; digits < 20; digits++, power *= 10) {
		const uint64_t values[] = {power - 1, power, power + 1, UINT64_MAX - power + 1};

		for (size_t i = 0; i < COUNT_OF(values); i++) {
			textbuf_reset(&buf);
			textbuf_put_uint(&buf, values[i]);
			snprintf(expected, sizeof(expected), "%" PRIu64, values[i]);
			assert_text(&buf, expected);
		}
	}
	textbuf_release(&buf);
}

static void test_decimals(void **state)
{
	static const struct {
		uint64_t units;
		unsigned digits;
		const char *text;
	} cases[] = {
	        {0, 0, "0"},
	        {0, 9, "0"},
	        {7, 0, "7"},
	        {3000, 3, "3"},
	        {250, 3, "0.25"},
	        {1, 3, "0.001"},
	        {1000001, 6, "1.000001"},
	        {1234567890, 9, "1.23456789"},
	        {1050, 2, "10.5"},
	        {9007199254740993, 3, "9007199254740.993"}, /* 2^53 + 1: a double would lose it */
	        {UINT64_MAX, 0, "18446744073709551615"},
	        {UINT64_MAX, 9, "18446744073.709551615"},
	        {UINT64_MAX, 19, "1.8446744073709551615"},
	        {1, 19, "0.0000000000000000001"},
	};
	struct textbuf buf;

	(void)state;
	textbuf_init(&buf, 100);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		textbuf_reset(&buf);
		textbuf_put_decimal(&buf, cases[i].units, cases[i].digits);
		assert_text(&buf, cases[i].text);
	}
	textbuf_release(&buf);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
	        {"", ""},
	        {"plain", "plain"},
	        {"a longer name, of several words", "a longer name, of several words"},
	        {"12345678\xff"
	         "9",
	         "12345678" BAD "9"},
	        {"1234567\xff", "1234567" BAD},
	        /* the bounds of every length */
	        {"\x7f\xc2\x80\xdf\xbf", "\x7f\xc2\x80\xdf\xbf"},
	        {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
	         "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
	        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	        {"\xe0\x9f\xbf", BAD BAD BAD},
	        {"\xf0\x8f\xbf\xbf", BAD BAD BAD BAD},
	        {"\xc1\xbf\xf5\x80", BAD BAD BAD BAD},
	        /* the Unicode Standard's own examples: not shortest, surrogates, others, truncated */
	        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
	         "A",
	         BAD BAD BAD BAD BAD BAD BAD BAD "A"},
	        {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf"
	         "A",
	         BAD BAD BAD BAD BAD BAD BAD BAD "A"},
	        {"\xf4\x91\x92\x93\xff"
	         "A\x80\xbf"
	         "B",
	         BAD BAD BAD BAD BAD "A" BAD BAD "B"},
	        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
	         "A",
	         BAD BAD BAD BAD "A"},
	        /* cut short at the end */
	        {"a\xc3", "a" BAD},
	        {"a\xe2\x82", "a" BAD},
	        {"a\xf0\x9f\x98", "a" BAD},
	};
	struct textbuf buf;

	(void)state;
	textbuf_init(&buf, 1000);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		textbuf_reset(&buf);
		textbuf_put_utf8(&buf, cases[i].bytes, strlen(cases[i].bytes));
		assert_text(&buf, cases[i].text);
	}
	textbuf_reset(&buf);
	textbuf_put_utf8(&buf, "a\0b\xff", 4); /* NUL is a valid character */
	assert_int_equal(buf.length, 6);
	assert_memory_equal(buf.data, "a\0b" BAD, 6);
	textbuf_release(&buf);
}

/* Returns true if the bytes are UTF-8. Decides by code points, not by ranges of bytes. */
static bool is_utf8(const unsigned char *bytes, size_t length)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	for (size_t i = 0; i < length;) {
		unsigned lead = bytes[i++], trail = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		uint32_t point = trail ? lead & (0x3fu >> trail) : lead;

		if ((lead >= 0x80 && lead < 0xc0) || lead >= 0xf8 || length - i < trail)
			return false;
		for (unsigned k = 0; k < trail; k++, i++) {
			if (bytes[i] >> 6 != 2)
				return false;
			point = point << 6 | (bytes[i] & 0x3f);
		}
		if (point < least[trail] || point > 0x10ffff || point >> 11 == 0x1b)
			return false;
	}
	return true;
}

static void test_utf8_of_random_bytes(void **state)
{
	static const unsigned char likely[] = {'a',  0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2,
	                                       0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xff};
	struct textbuf once, twice;
	unsigned valid = 0;

	(void)state;
	srand(1);
	textbuf_init(&once, 1000);
	textbuf_init(&twice, 1000);
	for (int round = 0; round < 200000; round++) {
		unsigned char bytes[12];
		size_t length = 1 + (size_t)rand() % sizeof(bytes);

		for (size_t i = 0; i < length; i++)
			bytes[i] = rand() % 3 ? likely[(size_t)rand() % sizeof(likely)] : (unsigned char)rand();
		textbuf_reset(&once);
		textbuf_reset(&twice);
		textbuf_put_utf8(&once, bytes, length);
		assert_true(is_utf8((unsigned char *)once.data, once.length));
		textbuf_put_utf8(&twice, once.data, once.length);
		assert_int_equal(once.length, twice.length);
		assert_memory_equal(once.data, twice.data, once.length);
		if (is_utf8(bytes, length)) {
			valid++;
			assert_int_equal(once.length, length);
			assert_memory_equal(once.data, bytes, length);
		}
	}
	assert_true(valid > 1000);
	textbuf_release(&once);
	textbuf_release(&twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_appends),
	        cmocka_unit_test(test_growth_keeps_bytes_and_memory),
	        cmocka_unit_test(test_limit_is_exact_and_sticks),
	        cmocka_unit_test(test_out_of_memory),
	        cmocka_unit_test(test_integers),
	        cmocka_unit_test(test_decimals),
	        cmocka_unit_test(test_utf8),
	        cmocka_unit_test(test_utf8_of_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
