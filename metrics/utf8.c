/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 decoding and repair: ill-formed bytes become U+FFFD. */
#include "metrics/utf8.h"

#include "metrics/textbuf.h"

#include <stdbool.h>
#include <string.h>

/* The bytes that can follow a lead byte (the Unicode Standard, section 3.9, table 3-7). */
struct form {
	unsigned trail;          /* bytes after the lead */
	unsigned char low, high; /* of the first of them; the others are 80..BF */
};

static struct form form_of(unsigned char lead)
{
	if (lead < 0xc2 || lead > 0xf4)
		return (struct form){0, 0, 0};
	if (lead < 0xe0)
		return (struct form){1, 0x80, 0xbf};
	if (lead < 0xf0)
		return (struct form){2, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf};
	return (struct form){3, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf};
}

size_t utf8_sequence(const unsigned char *bytes, size_t length, bool *valid)
{
	struct form form = form_of(bytes[0]);
	size_t i = 1;

	while (i <= form.trail && i < length && bytes[i] >= form.low && bytes[i] <= form.high) {
		form.low = 0x80;
		form.high = 0xbf;
		i++;
	}
	*valid = bytes[0] < 0x80 || (form.trail && i == form.trail + 1);
	return i;
}

/* Counts the ASCII bytes at the start, a word at a time. */
static size_t ascii_run(const unsigned char *bytes, size_t length)
{
	size_t i = 0;
	uint64_t word;

	for (; length - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < length && bytes[i] < 0x80)
		i++;
	return i;
}

void textbuf_put_utf8(struct textbuf *buf, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	size_t start = 0, end = 0; /* well-formed bytes that are not written yet */

	while (end < length) {
		bool valid;
		size_t step;

		end += ascii_run(at + end, length - end);
		if (end == length)
			break;
		step = utf8_sequence(at + end, length - end, &valid);
		if (!valid) {
			textbuf_append(buf, at + start, end - start);
			textbuf_puts(buf, UTF8_REPLACEMENT);
			start = end + step;
		}
		end += step;
	}
	if (end > start)
		textbuf_append(buf, at + start, end - start);
}
