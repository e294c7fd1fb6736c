/* SPDX-License-Identifier: Apache-2.0 */
/* Unsigned numbers as decimal digits, without printf: a scrape writes tens of thousands of them. */
#ifndef METRICS_DECIMAL_H
#define METRICS_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Digits of UINT64_MAX. */
enum { DECIMAL_MAX = 20 };

/* Writes the digits of `value` to `out`, unterminated, and returns how many there are. */
static inline size_t decimal_format(char out[DECIMAL_MAX], uint64_t value)
{
	char digits[DECIMAL_MAX];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	memcpy(out, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

#endif
