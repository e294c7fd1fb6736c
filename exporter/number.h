/* SPDX-License-Identifier: Apache-2.0 */
/* Number: a decimal number that a flag or a request contains. */
#ifndef EXPORTER_NUMBER_H
#define EXPORTER_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true if `text` is a decimal number from min to max, and sets *number to it. */
static inline bool number_parse(const char *text, size_t min, size_t max, size_t *number)
{
	size_t sum = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		size_t digit = (size_t)(*text - '0');

		if (*text < '0' || *text > '9' || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*number = sum;
	return sum >= min && sum <= max;
}

#endif
