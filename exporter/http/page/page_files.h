/* SPDX-License-Identifier: Apache-2.0 */
/* Page files: the files of this folder, embedded into the program by the build. */
#ifndef EXPORTER_HTTP_PAGE_PAGE_FILES_H
#define EXPORTER_HTTP_PAGE_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *path; /* "/page.css" is page.css */
	const char *type; /* its Content-Type */
	const unsigned char *data;
	size_t length;
};

/* The first file is index.html. A NULL path ends the array. */
extern const struct page_file page_files[];

#endif
