/* SPDX-License-Identifier: Apache-2.0 */
/* The files of this folder, as the build has put them into the program. */
#ifndef EXPORTER_HTTP_PAGE_PAGE_FILES_H
#define EXPORTER_HTTP_PAGE_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *path; /* "/page.css" is page.css */
	const char *type; /* its Content-Type */
	const unsigned char *data;
	size_t length;
};

/* The first is index.html. Ended by a NULL path. */
extern const struct page_file page_files[];

#endif
