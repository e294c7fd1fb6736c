/* SPDX-License-Identifier: Apache-2.0 */
/* Process filter: selects processes by name with an include and an exclude pattern (PCRE2), each anchored at both
 * ends. */
#ifndef EXPORTER_SCRAPE_FILTER_H
#define EXPORTER_SCRAPE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics/compiler.h"

struct filter;

/* Returns true if `pattern` compiles. Otherwise writes the reason to `reason`. */
bool filter_pattern_valid(const char *pattern, char *reason, size_t size);

/* Compiles the patterns. A NULL include pattern matches every name, a NULL exclude pattern no name. Returns 0, -EINVAL
 * for a bad pattern, or -ENOMEM. */
int filter_new(struct filter **filter, const char *include, const char *exclude) MUST_CHECK;
void filter_free(struct filter *filter);

/* Returns true if a process of this name must be counted. It has the type of census_options.keep. A pattern that
 * reaches PCRE2's match limit does not match. */
bool filter_keep(void *filter, const char *name, size_t length);

#endif
