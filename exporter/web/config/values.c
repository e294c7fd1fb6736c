/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a web configuration, parsed by the rules of Go's parsers, which the format is made for. */
#include "exporter/web/config/values.h"

#include <stddef.h>
#include <string.h>

/* Most nanoseconds in Go's int64. */
static const uint64_t duration_max = INT64_MAX;

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

bool web_value_bool(const char *text, bool *value)
{
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
	                                  "on",   "On",   "ON",   "y",   "Y",   NULL};
	static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO",
	                                 "off",   "Off",   "OFF",   "n",  "N",  NULL};

	*value = is_one_of(text, yes);
	return *value || is_one_of(text, no);
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Reads the next digits, if any. Returns false if the number exceeds `max`. */
static bool take_digits(const char **text, uint64_t max, uint64_t *number)
{
	*number = 0;
	for (; is_digit(**text); ++*text) {
		uint64_t digit = (uint64_t)(**text - '0');

		if (*number > (max - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return true;
}

bool web_value_int(const char *text, int32_t *value)
{
	bool negative = *text == '-';
	uint64_t number;

	text += negative || *text == '+';
	if (!is_digit(*text) || !take_digits(&text, INT32_MAX, &number) || *text != '\0')
		return false;
	*value = negative ? -(int32_t)number : (int32_t)number;
	return true;
}

/* Reads the next unit and returns its nanoseconds, or 0 if no unit follows. */
static uint64_t take_unit(const char **text)
{
	static const struct {
		const char *name;
		uint64_t nanoseconds;
	} units[] = {
	        {"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000},          {"\xce\xbcs", 1000},
	        {"ms", 1000000}, {"s", 1000000000}, {"m", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(*text, units[i].name, length) == 0) {
			*text += length;
			return units[i].nanoseconds;
		}
	}
	return 0;
}

/* Returns the nanoseconds of the digits after a point, as a fraction of `unit`, rounded down. */
static uint64_t fraction_of(const char *digits, const char *end, uint64_t unit)
{
	uint64_t sum = 0;

	for (uint64_t place = unit / 10; digits < end && place > 0; digits++, place /= 10)
		sum += (uint64_t)(*digits - '0') * place;
	return sum;
}

/* Reads a number and its unit, such as "1.5h". Returns false if there is a fault. */
static bool take_term(const char **text, uint64_t *nanoseconds)
{
	const char *start = *text, *point, *end;
	uint64_t whole, unit, part;

	if (!take_digits(text, duration_max, &whole))
		return false;
	point = *text;
	if (**text == '.')
		for (++*text; is_digit(**text);)
			++*text;
	end = *text;
	if (end - start == (point < end)) /* no digit, with or without a point */
		return false;
	unit = take_unit(text);
	if (unit == 0 || whole > duration_max / unit)
		return false;
	part = point < end ? fraction_of(point + 1, end, unit) : 0;
	*nanoseconds = whole * unit;
	if (*nanoseconds > duration_max - part)
		return false;
	*nanoseconds += part;
	return true;
}

bool web_value_duration(const char *text, uint64_t *nanoseconds)
{
	const char *bare = text;
	uint64_t term;

	if (is_digit(*bare) && take_digits(&bare, duration_max, nanoseconds) && *bare == '\0')
		return true;
	text += *text == '+';
	*nanoseconds = 0;
	if (*text == '\0')
		return false;
	while (*text != '\0') {
		if (!take_term(&text, &term) || *nanoseconds > duration_max - term)
			return false;
		*nanoseconds += term;
	}
	return true;
}

bool web_value_bcrypt(const char *text, unsigned *cost)
{
	static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	enum { SALT_AND_HASH = 22 + 31 };

	if (strncmp(text, "$2", 2) != 0)
		return false;
	text += 2;
	if (*text == 'a' || *text == 'b' || *text == 'x' || *text == 'y')
		text++;
	if (text[0] != '$' || !is_digit(text[1]) || !is_digit(text[2]) || text[3] != '$')
		return false;
	*cost = (unsigned)(text[1] - '0') * 10 + (unsigned)(text[2] - '0');
	text += 4;
	return *cost >= 4 && *cost <= 31 && strlen(text) == SALT_AND_HASH && strspn(text, alphabet) == SALT_AND_HASH;
}
