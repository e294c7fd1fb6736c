/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern: compiles and matches with PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "exporter/scrape/pattern.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "exporter/platform/platform.h"

enum {
	/* PCRE2 ends a match after this number of steps, and some more per byte of the text. A pattern like ".*x.*"
	 * needs a few steps per byte. A pattern that backtracks without end would delay the scrape. */
	MATCH_STEPS = 100000,
	MATCH_STEPS_PER_BYTE = 4,
	/* Memory for backtracking, in KiB. */
	MATCH_HEAP_MAX = 1024,
};

/* The group that names a process. */
#define NAME_GROUP "name"

struct pattern {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *match;
	uint32_t name_group; /* 0: the pattern has no group */
};

static pcre2_code *compile(const char *text, int *error, PCRE2_SIZE *offset)
{
	const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C;

	return pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	                     platform_names_have_case ? options : options | PCRE2_CASELESS, error, offset, NULL);
}

/* Returns the number of the group that names a process. Returns 0 if the pattern has no group, or several with the
 * name. */
static uint32_t find_name_group(const pcre2_code *code)
{
	int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)NAME_GROUP);
	uint32_t groups = 0;

	if (number != PCRE2_ERROR_NOSUBSTRING)
		return number > 0 ? (uint32_t)number : 0;
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	return groups > 0 ? 1 : 0;
}

/* Compiles `text`. Returns NULL with the reason written if it does not compile. */
static pcre2_code *compile_or_say(const char *text, char *reason, size_t size)
{
	PCRE2_UCHAR message[128];
	PCRE2_SIZE offset = 0;
	int error = 0;
	pcre2_code *code = compile(text, &error, &offset);

	if (code != NULL)
		return code;
	if (pcre2_get_error_message(error, message, sizeof(message)) < 0)
		message[0] = '\0';
	if (snprintf(reason, size, "%s at offset %zu", (const char *)message, (size_t)offset) < 0)
		reason[0] = '\0';
	return NULL;
}

bool pattern_valid(const char *text, char *reason, size_t size)
{
	pcre2_code *code = compile_or_say(text, reason, size);

	pcre2_code_free(code);
	return code != NULL;
}

bool pattern_names(const char *text, char *reason, size_t size)
{
	pcre2_code *code = compile_or_say(text, reason, size);
	bool names = code != NULL && find_name_group(code) > 0;

	if (code != NULL && !names)
		snprintf(reason, size, "it needs one group (?<" NAME_GROUP ">...), or any group (...)");
	pcre2_code_free(code);
	return names;
}

int pattern_new(struct pattern **result, const char *text)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	PCRE2_SIZE offset;
	int error = 0;

	*result = NULL;
	if (pattern == NULL)
		return -ENOMEM;
	pattern->code = compile(text, &error, &offset);
	if (pattern->code == NULL)
		goto out;
	pattern->context = pcre2_match_context_create(NULL);
	pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	if (pattern->context == NULL || pattern->match == NULL)
		goto out;
	pcre2_set_heap_limit(pattern->context, MATCH_HEAP_MAX);
	pattern->name_group = find_name_group(pattern->code);
	*result = pattern;
	return 0;
out:
	error = pattern->code == NULL && error != PCRE2_ERROR_NOMEMORY ? -EINVAL : -ENOMEM;
	pattern_free(pattern);
	return error;
}

void pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	pcre2_match_data_free(pattern->match);
	pcre2_match_context_free(pattern->context);
	free(pattern);
}

bool pattern_matches(struct pattern *pattern, const char *bytes, size_t length)
{
	pcre2_set_match_limit(pattern->context, MATCH_STEPS + MATCH_STEPS_PER_BYTE * (uint32_t)length);
	return pcre2_match(pattern->code, (PCRE2_SPTR)bytes, length, 0, PCRE2_NO_UTF_CHECK, pattern->match,
	                   pattern->context) > 0;
}

bool pattern_find_name(struct pattern *pattern, const char *bytes, size_t length, const char **name,
                       size_t *name_length)
{
	const PCRE2_SIZE *ends = &pcre2_get_ovector_pointer(pattern->match)[2 * (size_t)pattern->name_group];

	/* Both ends of a group that took no part in the match are PCRE2_UNSET. */
	if (!pattern_matches(pattern, bytes, length) || ends[0] == ends[1])
		return false;
	*name = bytes + ends[0];
	*name_length = ends[1] - ends[0];
	return true;
}
