/* SPDX-License-Identifier: Apache-2.0 */
/* Application pools: finds the argument. A pool's name has no quote in it, so that a scan finds its end. */
#include "exporter/platform/windows/names/app_pool.h"

#include <stdbool.h>

/* An argument without its quotes */
struct argument {
	const uint16_t *begin;
	size_t length;
};

/* Reads the argument at `at`, which is moved behind it. Returns false at the end of the line. */
static bool next(const uint16_t **at, const uint16_t *end, struct argument *argument)
{
	uint16_t stop = ' ';

	while (*at < end && **at == ' ')
		++*at;
	if (*at < end && **at == '"') {
		stop = '"';
		++*at;
	}
	argument->begin = *at;
	while (*at < end && **at != stop)
		++*at;
	argument->length = (size_t)(*at - argument->begin);
	if (*at == end)
		return argument->length > 0;
	++*at;
	return true;
}

static bool is_flag(const struct argument *argument)
{
	return argument->length == 3 && argument->begin[0] == '-' && argument->begin[1] == 'a' &&
	       argument->begin[2] == 'p';
}

const uint16_t *app_pool_find(const uint16_t *line, size_t count, size_t *length)
{
	const uint16_t *at = line, *end = line + count;
	struct argument argument;

	while (next(&at, end, &argument)) {
		if (!is_flag(&argument))
			continue;
		if (!next(&at, end, &argument) || argument.length == 0)
			return NULL;
		*length = argument.length;
		return argument.begin;
	}
	return NULL;
}
