/* SPDX-License-Identifier: Apache-2.0 */
/* Field list: a header field whose value is a list. Its lines, if it has several, form one list (RFC 9110, 5.3). */
#ifndef EXPORTER_HTTP_FIELD_LIST_H
#define EXPORTER_HTTP_FIELD_LIST_H

#include <stddef.h>

struct MHD_Connection;

struct field_list {
	const char *name;
	size_t lines, length;
	char text[4096]; /* far more than a scraper sends; lines that do not fit are omitted */
};

/* Returns the elements of all lines of that name, or NULL if the request has no such line. The list owns the text. */
const char *field_list_read(struct field_list *list, struct MHD_Connection *connection, const char *name);

#endif
