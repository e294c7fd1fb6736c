/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-16 to UTF-8 (RFC 2781, RFC 3629). */
#include "exporter/platform/windows/utf16.h"

#include <stdbool.h>

#define REPLACEMENT 0xfffdu

static bool is_high(uint16_t unit)
{
	return (unit & 0xfc00) == 0xd800;
}

static bool is_low(uint16_t unit)
{
	return (unit & 0xfc00) == 0xdc00;
}

/* Returns the character at the start of `units`, which are at least one, and its number of units in *taken. */
static uint32_t next(const uint16_t *units, size_t count, size_t *taken)
{
	*taken = 1;
	if (is_high(units[0]) && count > 1 && is_low(units[1])) {
		*taken = 2;
		return 0x10000u + ((uint32_t)(units[0] & 0x3ff) << 10) + (units[1] & 0x3ffu);
	}
	return is_high(units[0]) || is_low(units[0]) ? REPLACEMENT : units[0];
}

static size_t put(char *utf8, uint32_t point)
{
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length - 1; i > 0; i--, point >>= 6)
		utf8[i] = (char)(uint8_t)(0x80 | (point & 0x3f));
	utf8[0] = (char)(uint8_t)(leads[length] | point);
	return length;
}

size_t utf16_to_utf8(char *utf8, const uint16_t *units, size_t count)
{
	size_t length = 0;

	for (size_t taken; count > 0; units += taken, count -= taken)
		length += put(utf8 + length, next(units, count, &taken));
	return length;
}

size_t utf16_length(const uint16_t *units, size_t size)
{
	size_t length = 0;

	while (length < size && units[length] != 0)
		length++;
	return length;
}
