/* SPDX-License-Identifier: Apache-2.0 */
/* Process filter: matches names with the include and exclude patterns. */
#include "exporter/scrape/filter.h"

#include <errno.h>
#include <stdlib.h>

#include "exporter/scrape/pattern.h"

struct filter {
	struct pattern *include, *exclude; /* NULL: no pattern */
};

static int make(struct pattern **pattern, const char *text)
{
	return text != NULL ? pattern_new(pattern, text) : 0;
}

int filter_new(struct filter **result, const char *include, const char *exclude)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	int err;

	*result = NULL;
	if (filter == NULL)
		return -ENOMEM;
	err = make(&filter->include, include);
	if (err == 0)
		err = make(&filter->exclude, exclude);
	if (err != 0) {
		filter_free(filter);
		return err;
	}
	*result = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	pattern_free(filter->include);
	pattern_free(filter->exclude);
	free(filter);
}

bool filter_keep(void *data, const char *name, size_t length)
{
	struct filter *filter = data;

	if (filter->include != NULL && !pattern_matches(filter->include, name, length))
		return false;
	return filter->exclude == NULL || !pattern_matches(filter->exclude, name, length);
}
