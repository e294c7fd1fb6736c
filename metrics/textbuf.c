/* SPDX-License-Identifier: Apache-2.0 */
/* Text buffer: growth, and the writers of numbers. */
#include "metrics/textbuf.h"
#include "metrics/decimal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first allocation: one page, which holds the report of a quiet host. */
#define FIRST_CAPACITY ((size_t)4096)
/* 10^19 is the greatest power of ten in 64 bits. */
enum { MAX_DIGITS = 19 };

/* Makes room for `length` more bytes. The capacity doubles, up to the limit. Returns false with the error set. */
static bool grow(struct textbuf *buf, size_t length)
{
	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY / 2;
	char *data;

	if (buf->error)
		return false;
	if (length > buf->limit - buf->length) {
		buf->error = -EFBIG;
		return false;
	}
	capacity = capacity > buf->limit / 2 ? buf->limit : capacity * 2;
	if (capacity < buf->length + length)
		capacity = buf->length + length;
	/* One more: printf's terminator must fit behind the last byte. */
	data = capacity < SIZE_MAX ? realloc(buf->data, capacity + 1) : NULL;
	if (!data) {
		buf->error = -ENOMEM;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

static inline bool has_room(struct textbuf *buf, size_t length)
{
	if (!buf->error && length <= buf->capacity - buf->length)
		return true;
	return grow(buf, length);
}

static inline void append(struct textbuf *buf, const char *bytes, size_t length)
{
	if (!length || !has_room(buf, length))
		return;
	/* cppcheck-suppress uninitvar ; of a number's text it takes what has been written */
	memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
}

void textbuf_init(struct textbuf *buf, size_t limit)
{
	*buf = (struct textbuf){.limit = limit};
}

void textbuf_reset(struct textbuf *buf)
{
	buf->length = 0;
	buf->error = 0;
}

void textbuf_release(struct textbuf *buf)
{
	free(buf->data);
	textbuf_init(buf, buf->limit);
}

void textbuf_append(struct textbuf *buf, const void *bytes, size_t length)
{
	append(buf, bytes, length);
}

void textbuf_puts(struct textbuf *buf, const char *string)
{
	append(buf, string, strlen(string));
}

void textbuf_putc(struct textbuf *buf, char byte)
{
	if (has_room(buf, 1))
		buf->data[buf->length++] = byte;
}

void textbuf_put_uint(struct textbuf *buf, uint64_t value)
{
	char digits[DECIMAL_MAX];

	append(buf, digits, decimal_format(digits, value));
}

void textbuf_printf(struct textbuf *buf, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0) { /* longer than INT_MAX */
		if (!buf->error)
			buf->error = -EFBIG;
		return;
	}
	if (!length || !has_room(buf, (size_t)length))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
	va_end(args);
	buf->length += (size_t)length;
}

void textbuf_put_decimal(struct textbuf *buf, uint64_t units, unsigned digits)
{
	char text[DECIMAL_MAX + 1 + MAX_DIGITS], fraction[MAX_DIGITS];
	uint64_t power = 1, rest;
	size_t length;

	for (unsigned i = 0; i < digits; i++)
		power *= 10;
	length = decimal_format(text, units / power);
	rest = units % power;
	while (rest && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	if (rest) {
		text[length++] = '.';
		for (unsigned i = digits; i > 0; rest /= 10)
			fraction[--i] = (char)('0' + rest % 10);
		/* cppcheck-suppress uninitvar ; filled by the loop, from its end */
		memcpy(text + length, fraction, digits);
		length += digits;
	}
	append(buf, text, length);
}
