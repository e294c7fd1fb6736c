/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of flag value accepts. */
#include "exporter/cli/option_values.h"

#include <string.h>

#include "exporter/printable.h"

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

bool value_choice(const char *text, choice_names *names, size_t *index)
{
	for (size_t i = 0; names(i) != NULL; i++) {
		if (strcmp(text, names(i)) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
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

void value_quote(char *quoted, size_t size, const char *text)
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
