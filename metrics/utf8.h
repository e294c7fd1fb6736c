/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 decoder of one character. textbuf_put_utf8() repairs whole texts. */
#ifndef METRICS_UTF8_H
#define METRICS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* U+FFFD, which replaces an ill-formed character. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Returns the number of bytes of the character at `bytes`, of `length` bytes (not 0). For an ill-formed character it
 * returns the length of its maximal ill-formed subsequence. */
size_t utf8_sequence(const unsigned char *bytes, size_t length, bool *valid);

#endif
