/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags: checks of numbers and paths. */
#include "exporter/cli/option_values.h"

#include <string.h>

bool value_number(const char *text, size_t min, size_t max, size_t *number)
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

bool value_url_path(const char *text)
{
	if (text[0] != '/')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("?#%\"<>\\", *text) != NULL)
			return false;
	return true;
}
