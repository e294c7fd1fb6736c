/* SPDX-License-Identifier: Apache-2.0 */
/* Landing page: the page at `/` and the files it loads. A browser makes a table of processes by state from the
 * metrics. */
#ifndef EXPORTER_HTTP_PAGE_LANDING_H
#define EXPORTER_HTTP_PAGE_LANDING_H

#include "exporter/http/page/page_files.h"
#include "metrics/textbuf.h"

/* Writes the page as HTML: index.html with {{version}} and {{metrics}}, the path of the metrics, filled in.
 * They are escaped for element content and quoted attributes. Errors are sticky in `out`. */
void landing_write(struct textbuf *out, const char *version, const char *telemetry_path);

/* Returns the page's file that is served at `path`, or NULL. */
const struct page_file *landing_file(const char *path);

#endif
