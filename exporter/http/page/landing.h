/* SPDX-License-Identifier: Apache-2.0 */
/* Landing page: the page at `/`, a table of processes by state that a browser makes from the metrics, and the files
 * that it loads. */
#ifndef EXPORTER_HTTP_PAGE_LANDING_H
#define EXPORTER_HTTP_PAGE_LANDING_H

#include "exporter/http/page/page_files.h"
#include "metrics/textbuf.h"

/* Writes the page as HTML: index.html with {{version}} and {{metrics}}, the path of the metrics, filled in and
 * escaped for element content and quoted attributes. Errors are sticky in `out`. */
void landing_write(struct textbuf *out, const char *version, const char *telemetry_path);

/* Returns the page's file at `path`, or NULL. */
const struct page_file *landing_file(const char *path);

#endif
