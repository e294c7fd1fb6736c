/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern: a regular expression (PCRE2) that matches a whole text, with a bound on the steps of a match. */
#ifndef EXPORTER_SCRAPE_PATTERN_H
#define EXPORTER_SCRAPE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics/compiler.h"

struct pattern;

/* Returns true if `text` compiles. Otherwise writes the reason to `reason`. */
bool pattern_valid(const char *text, char *reason, size_t size);

/* Returns true if `text` compiles and has a group that names a process. Otherwise writes the reason to `reason`. */
bool pattern_names(const char *text, char *reason, size_t size);

/* Makes a pattern, which the caller frees. Returns 0, -EINVAL if `text` does not compile, or -ENOMEM. */
int pattern_new(struct pattern **pattern, const char *text) MUST_CHECK;
/* Frees the pattern. NULL is allowed. */
void pattern_free(struct pattern *pattern);

/* Returns true if the pattern matches the whole of `bytes`, which must be UTF-8. A match that exceeds the bound on its
 * steps is no match. */
bool pattern_matches(struct pattern *pattern, const char *bytes, size_t length);

/* Finds the name in `bytes`, which must be UTF-8: the group "name", or the first group if no group has this name.
 * Returns true if the pattern matches and the group is not empty. *name points into `bytes`. */
bool pattern_find_name(struct pattern *pattern, const char *bytes, size_t length, const char **name,
                       size_t *name_length);

#endif
