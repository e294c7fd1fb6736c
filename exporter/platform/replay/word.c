/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a recorded snapshot: their decoders. */
#include "exporter/platform/replay/word.h"

#include <string.h>

struct word word_next(struct word *line)
{
	struct word word;

	while (line->length > 0 && line->bytes[0] == ' ') {
		line->bytes++;
		line->length--;
	}
	word = (struct word){line->bytes, 0};
	while (word.length < line->length && word.bytes[word.length] != ' ')
		word.length++;
	line->bytes += word.length;
	line->length -= word.length;
	return word;
}

bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.length && memcmp(word.bytes, text, word.length) == 0;
}

bool word_skip(struct word *word, const char *prefix)
{
	size_t length = strlen(prefix);

	if (word->length < length || memcmp(word->bytes, prefix, length) != 0)
		return false;
	word->bytes += length;
	word->length -= length;
	return true;
}

bool word_split(struct word word, char separator, struct word *before, struct word *after)
{
	for (size_t i = word.length; i > 0; i--) {
		if (word.bytes[i - 1] != separator)
			continue;
		*before = (struct word){word.bytes, i - 1};
		*after = (struct word){word.bytes + i, word.length - i};
		return true;
	}
	return false;
}

bool word_number(struct word word, uint64_t max, uint64_t *number)
{
	uint64_t sum = 0;

	if (word.length == 0)
		return false;
	for (size_t i = 0; i < word.length; i++) {
		uint64_t digit = (uint64_t)(unsigned char)word.bytes[i] - '0';

		if (digit > 9 || digit > max || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*number = sum;
	return true;
}

/* Returns the value of a hexadecimal digit, or -1. */
static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static bool address_v4(struct word word, uint8_t bytes[16])
{
	struct word part;
	uint64_t number;

	for (int i = 3; i > 0; i--) {
		if (!word_split(word, '.', &word, &part) || !word_number(part, UINT8_MAX, &number))
			return false;
		bytes[i] = (uint8_t)number;
	}
	if (!word_number(word, UINT8_MAX, &number))
		return false;
	bytes[0] = (uint8_t)number;
	return true;
}

static bool hex_group(struct word word, uint8_t bytes[2])
{
	unsigned sum = 0;

	if (word.length == 0 || word.length > 4)
		return false;
	for (size_t i = 0; i < word.length; i++) {
		int digit = hex_digit(word.bytes[i]);

		if (digit < 0)
			return false;
		sum = sum << 4 | (unsigned)digit;
	}
	bytes[0] = (uint8_t)(sum >> 8);
	bytes[1] = (uint8_t)(sum & 0xff);
	return true;
}

static bool address_v6(struct word word, uint8_t bytes[16])
{
	struct word part;

	for (size_t i = 7; i > 0; i--)
		if (!word_split(word, ':', &word, &part) || !hex_group(part, bytes + 2 * i))
			return false;
	return hex_group(word, bytes);
}

bool word_address(struct word word, int *family, uint8_t bytes[16])
{
	memset(bytes, 0, 16);
	*family = word_skip(&word, "[") ? 6 : 4;
	if (*family == 4)
		return address_v4(word, bytes);
	if (word.length == 0 || word.bytes[word.length - 1] != ']')
		return false;
	word.length--;
	return address_v6(word, bytes);
}

bool word_unescape(struct word word, char *out, size_t *length)
{
	*length = 0;
	for (size_t i = 0; i < word.length; i++) {
		int high, low;

		if (word.bytes[i] != '%') {
			out[(*length)++] = word.bytes[i];
			continue;
		}
		if (word.length - i < 3)
			return false;
		high = hex_digit(word.bytes[i + 1]);
		low = hex_digit(word.bytes[i + 2]);
		if (high < 0 || low < 0)
			return false;
		out[(*length)++] = (char)(high << 4 | low);
		i += 2;
	}
	return true;
}
