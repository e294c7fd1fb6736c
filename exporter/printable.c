/* SPDX-License-Identifier: Apache-2.0 */
/* Printable text: escapes foreign bytes for terminals and for JSON. */
#include "exporter/printable.h"

#include "metrics/utf8.h"

#include <stdbool.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

/* Returns true for C0, DEL, C1, and for the separators and changes of direction in U+2028 to U+202E and U+2066 to
 * U+2069. */
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
	for (size_t i = 0; i < length; i++, out += 4)
		memcpy(out, (const char[]){'\\', 'x', digits[bytes[i] >> 4], digits[bytes[i] & 15]}, 4);
	return length * 4;
}

static size_t put_replacement(char *out)
{
	const size_t length = sizeof(UTF8_REPLACEMENT) - 1;

	memcpy(out, UTF8_REPLACEMENT, length);
	return length;
}

size_t printable_step(char out[PRINTABLE_MAX], const char *bytes, size_t length, size_t *taken)
{
	bool valid;

	*taken = utf8_sequence((const unsigned char *)bytes, length, &valid);
	if (!valid)
		return put_replacement(out);
	if (bytes[0] == '\n') {
		memcpy(out, "\\n", 2); /* NOLINT(bugprone-not-null-terminated-result): a piece of a text */
		return 2;
	}
	if (is_disruptive((const unsigned char *)bytes, *taken))
		return put_hex(out, (const unsigned char *)bytes, *taken);
	memcpy(out, bytes, *taken);
	return *taken;
}

/* Returns true for C0, DEL, and C1 encoded in UTF-8. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

size_t json_step(char out[JSON_STEP_MAX], const char *bytes, size_t length, size_t *taken)
{
	const unsigned char *s = (const unsigned char *)bytes;
	unsigned char point;
	bool valid;

	*taken = utf8_sequence(s, length, &valid);
	if (!valid)
		return put_replacement(out);
	if (s[0] == '"' || s[0] == '\\' || s[0] == '\n') {
		memcpy(out, (const char[]){'\\', s[0] == '\n' ? 'n' : bytes[0]}, 2);
		return 2;
	}
	if (is_control(s)) {
		point = s[0] == 0xc2 ? s[1] : s[0];
		memcpy(out, (const char[]){'\\', 'u', '0', '0', digits[point >> 4], digits[point & 15]}, JSON_STEP_MAX);
		return JSON_STEP_MAX;
	}
	memcpy(out, bytes, *taken);
	return *taken;
}

void printable_quote(char *quoted, size_t size, const char *text)
{
	static const char ending[] = "...\"";
	size_t at = 0, left = strlen(text), taken;
	char step[PRINTABLE_MAX];

	if (size < sizeof(ending) + 1)
		return;
	quoted[at++] = '"';
	for (; left > 0; text += taken, left -= taken) {
		size_t length = printable_step(step, text, left, &taken);

		if (at + length + sizeof(ending) > size) {
			memcpy(quoted + at, ending, sizeof(ending));
			return;
		}
		memcpy(quoted + at, step, length);
		at += length;
	}
	quoted[at++] = '"';
	quoted[at] = '\0';
}
