/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text buffer: a growable byte buffer with a limit and a sticky error, reused from scrape to scrape.
 *
 * Invariants: length <= capacity <= limit. After the first failure (no memory, or over the limit)
 * every further write does nothing and `error` keeps the first error, so that a writer checks once,
 * at the end. The bytes are not terminated.
 */
#ifndef METRICS_TEXTBUF_H
#define METRICS_TEXTBUF_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"

struct textbuf {
	char *data;
	size_t length, capacity;
	size_t limit; /* bytes at most */
	int error;    /* 0, -ENOMEM, or -EFBIG over the limit */
};

void textbuf_init(struct textbuf *buf, size_t limit);
/* Empties the buffer, clears the error and keeps the memory. */
void textbuf_reset(struct textbuf *buf);
void textbuf_release(struct textbuf *buf);

void textbuf_append(struct textbuf *buf, const void *bytes, size_t length);
void textbuf_puts(struct textbuf *buf, const char *string);
void textbuf_putc(struct textbuf *buf, char byte);
void textbuf_put_uint(struct textbuf *buf, uint64_t value);
void textbuf_printf(struct textbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Writes units / 10^digits exactly, without trailing zeros ("0.25", "3"). digits <= 19. */
void textbuf_put_decimal(struct textbuf *buf, uint64_t units, unsigned digits);

/* Appends the bytes as valid UTF-8: each maximal ill-formed subsequence becomes one U+FFFD, as the
 * Unicode Standard (section 3.9, table 3-8) recommends. */
void textbuf_put_utf8(struct textbuf *buf, const void *bytes, size_t length);

#endif
