/* SPDX-License-Identifier: Apache-2.0 */
/* Page files: the files of this folder, which the build embeds in the program. */
#ifndef EXPORTER_HTTP_PAGE_PAGE_FILES_H
#define EXPORTER_HTTP_PAGE_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *path; /* "/page.css" is page.css */
	const char *type; /* its Content-Type */
	const unsigned char *data;
	size_t length;
};

/* The page's files: index.html is the first, a NULL path ends the list. */
extern const struct page_file page_files[];

#endif
