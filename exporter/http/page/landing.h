/* SPDX-License-Identifier: Apache-2.0 */
/* Landing page: the page at `/`, a table of processes by state that a browser makes from the metrics, and the files
 * that it loads. */
#ifndef EXPORTER_HTTP_PAGE_LANDING_H
#define EXPORTER_HTTP_PAGE_LANDING_H

#include "exporter/http/page/page_files.h"
#include "metrics/textbuf.h"

/* Values of the page's fields. */
struct landing_fields {
	const char *version;
	const char *docs;    /* the address of the documentation; NULL: the page has no link to it */
	const char *host;    /* the host's own name */
	const char *metrics; /* the path of the metrics */
	const char *sockets; /* the path of the list of sockets, "" without one */
};

/* Writes the page as HTML: index.html with the fields, which are {{version}} and so on, filled in and escaped for
 * element content and quoted attributes. A line with a field that is NULL is left out. Errors are sticky in `out`. */
void landing_write(struct textbuf *out, const struct landing_fields *fields);

/* Returns the page's file at `path`, or NULL. */
const struct page_file *landing_file(const char *path);

#endif
