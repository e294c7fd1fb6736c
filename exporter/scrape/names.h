/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: gives the processes of a snapshot the names that --collector.process-name-pattern finds. The first pattern
 * that matches the whole name from the platform replaces it by the pattern's group. Without a match the name stays.
 */
#ifndef EXPORTER_SCRAPE_NAMES_H
#define EXPORTER_SCRAPE_NAMES_H

#include <stddef.h>

#include "exporter/platform/platform.h"

struct names;

/* Makes the names, which the caller frees, from `count` patterns; NULL without a pattern. Returns 0, or -errno with
 * *error filled: -EINVAL if a pattern does not compile, or -ENOMEM. */
int names_new(struct names **names, const char *const *patterns, size_t count, struct platform_error *error) MUST_CHECK;
/* Frees the names. NULL is allowed. */
void names_free(struct names *names);

/* Renames the processes of the snapshot. NULL `names` changes nothing. Returns 0, -ENOMEM, or deadline_check()'s error,
 * with *error filled. */
int names_apply(struct names *names, struct snapshot *snapshot, struct deadline *deadline,
                struct platform_error *error) MUST_CHECK;

#endif
