/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes to count by name: an include and an exclude pattern (PCRE2), each anchored at both ends. */
#ifndef EXPORTER_SCRAPE_FILTER_H
#define EXPORTER_SCRAPE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics/compiler.h"

struct filter;

/* Whether `pattern` compiles; if not, writes why to `reason`. */
bool filter_pattern_valid(const char *pattern, char *reason, size_t size);

/* NULL patterns match everything (include) and nothing (exclude). 0, -EINVAL (a bad pattern) or -ENOMEM. */
int filter_new(struct filter **filter, const char *include, const char *exclude) MUST_CHECK;
void filter_free(struct filter *filter);

/* Whether a process of this name is to be counted; has the type of census_options.keep. A pattern
 * that runs into PCRE2's match limit does not match. */
bool filter_keep(void *filter, const char *name, size_t length);

#endif
