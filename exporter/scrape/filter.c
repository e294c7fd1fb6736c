/* SPDX-License-Identifier: Apache-2.0 */
/* Process filter: matches names by PCRE2 within bounded time and memory. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "exporter/scrape/filter.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/* PCRE2 ends a match after this number of steps, and some more per byte of the name. A pattern like ".*x.*"
	 * needs a few steps per byte. A pattern that backtracks without end would delay the scrape. */
	MATCH_STEPS = 100000,
	MATCH_STEPS_PER_BYTE = 4,
	/* Memory for backtracking, in KiB. */
	MATCH_HEAP_MAX = 1024,
};

struct filter {
	pcre2_code *include, *exclude;
	pcre2_match_context *context;
	pcre2_match_data *match; /* of one pair of offsets, which nobody reads */
};

static pcre2_code *compile(const char *pattern, int *code, PCRE2_SIZE *offset)
{
	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	                     PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, code, offset,
	                     NULL);
}

/* Compiles the pattern. A NULL pattern stays NULL. */
static int compile_optional(pcre2_code **compiled, const char *pattern)
{
	PCRE2_SIZE offset;
	int code;

	if (pattern == NULL)
		return 0;
	*compiled = compile(pattern, &code, &offset);
	if (*compiled != NULL)
		return 0;
	return code == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EINVAL;
}

static bool matches(struct filter *filter, const pcre2_code *pattern, const char *name, size_t length)
{
	pcre2_set_match_limit(filter->context, MATCH_STEPS + MATCH_STEPS_PER_BYTE * (uint32_t)length);
	/* pcre2_match() returns 0 if the pattern has more groups than `match` holds. Negative values mean no match, or
	 * a limit. */
	return pcre2_match(pattern, (PCRE2_SPTR)name, length, 0, PCRE2_NO_UTF_CHECK, filter->match, filter->context) >=
	       0;
}

bool filter_pattern_valid(const char *pattern, char *reason, size_t size)
{
	PCRE2_UCHAR text[128];
	PCRE2_SIZE offset = 0;
	int code = 0;
	pcre2_code *compiled = compile(pattern, &code, &offset);

	if (compiled != NULL) {
		pcre2_code_free(compiled);
		return true;
	}
	if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
		text[0] = '\0';
	if (snprintf(reason, size, "%s at offset %zu", (const char *)text, (size_t)offset) < 0)
		reason[0] = '\0';
	return false;
}

int filter_new(struct filter **result, const char *include, const char *exclude)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	int err = -ENOMEM;

	*result = NULL;
	if (filter == NULL)
		return -ENOMEM;
	filter->context = pcre2_match_context_create(NULL);
	filter->match = pcre2_match_data_create(1, NULL);
	if (filter->context == NULL || filter->match == NULL)
		goto out;
	pcre2_set_heap_limit(filter->context, MATCH_HEAP_MAX);
	err = compile_optional(&filter->include, include);
	if (err == 0)
		err = compile_optional(&filter->exclude, exclude);
	if (err != 0)
		goto out;
	*result = filter;
	return 0;
out:
	filter_free(filter);
	return err;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	pcre2_code_free(filter->include);
	pcre2_code_free(filter->exclude);
	pcre2_match_data_free(filter->match);
	pcre2_match_context_free(filter->context);
	free(filter);
}

bool filter_keep(void *data, const char *name, size_t length)
{
	struct filter *filter = data;

	if (filter->include != NULL && !matches(filter, filter->include, name, length))
		return false;
	return filter->exclude == NULL || !matches(filter, filter->exclude, name, length);
}
