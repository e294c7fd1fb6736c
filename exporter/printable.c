/* SPDX-License-Identifier: Apache-2.0 */
/* How foreign bytes are shown to a person. */
#include "exporter/printable.h"

#include <stdbool.h>
#include <string.h>

/* The range of the second byte, which keeps out overlong forms, surrogates and what is past U+10FFFF. */
static bool second_byte_fits(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t utf8_sequence(const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t need;

	if (length == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (length < need || !second_byte_fits(s[0], s[1]))
		return 0;
	for (size_t i = 2; i < need; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return need;
}

/* C0, DEL, C1; U+2028 to U+202E and U+2066 to U+2069: separators and changes of direction. */
static bool is_disruptive(const unsigned char *s, size_t length)
{
	if (length == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (length == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	if (length == 3 && s[0] == 0xe2)
		return (s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
	return false;
}

static size_t put_hex(char *out, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++, out += 4)
		memcpy(out, (const char[]){'\\', 'x', digits[bytes[i] >> 4], digits[bytes[i] & 15]}, 4);
	return length * 4;
}

size_t printable_step(char out[PRINTABLE_MAX], const char *bytes, size_t length, size_t *taken)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t sequence = utf8_sequence(bytes, length);

	*taken = sequence > 0 ? sequence : 1;
	if (sequence == 0) {
		memcpy(out, replacement, sizeof(replacement) - 1);
		return sizeof(replacement) - 1;
	}
	if (bytes[0] == '\n') {
		memcpy(out, "\\n", 2);
		return 2;
	}
	if (is_disruptive((const unsigned char *)bytes, sequence))
		return put_hex(out, (const unsigned char *)bytes, sequence);
	memcpy(out, bytes, sequence);
	return sequence;
}
