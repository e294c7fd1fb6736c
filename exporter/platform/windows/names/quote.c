/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting by the rules of CommandLineToArgvW(). Backslashes are literal, except before a quote. */
#include "exporter/platform/windows/names/quote.h"

#include <stdbool.h>

static bool is_plain(const uint16_t *argument)
{
	const uint16_t *at = argument;

	while (*at != 0 && *at != ' ' && *at != '\t' && *at != '"')
		at++;
	return *at == 0 && at > argument;
}

static size_t repeat(uint16_t *to, uint16_t unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = unit;
	return count;
}

size_t quote_argument(uint16_t *quoted, const uint16_t *argument)
{
	const bool plain = is_plain(argument);
	size_t length = 0, backslashes = 0;

	if (!plain)
		quoted[length++] = '"';
	for (; *argument != 0; argument++) {
		if (*argument == '"')
			length += repeat(quoted + length, '\\', backslashes + 1);
		backslashes = *argument == '\\' ? backslashes + 1 : 0;
		quoted[length++] = *argument;
	}
	if (!plain) {
		length += repeat(quoted + length, '\\', backslashes); /* before the closing quote */
		quoted[length++] = '"';
	}
	return length;
}
