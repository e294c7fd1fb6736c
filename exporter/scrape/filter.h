/* SPDX-License-Identifier: Apache-2.0 */
/* Process filter: selects processes by name with an include and an exclude pattern. */
#ifndef EXPORTER_SCRAPE_FILTER_H
#define EXPORTER_SCRAPE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics/compiler.h"

struct filter;

/* Makes a filter, which the caller frees. A NULL pattern matches everything (include) or nothing (exclude). Returns 0,
 * -EINVAL if a pattern does not compile, or -ENOMEM. */
int filter_new(struct filter **filter, const char *include, const char *exclude) MUST_CHECK;
void filter_free(struct filter *filter);

/* Returns true if a process of this name, in UTF-8, is counted. Has the type of census_options.keep. */
bool filter_keep(void *filter, const char *name, size_t length);

#endif
