/* SPDX-License-Identifier: Apache-2.0 */
/* Field list: joins the lines of a header field. */
#include "exporter/http/field_list.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum MHD_Result add_line(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct field_list *list = data;
	const size_t length = value ? strlen(value) : 0;
	int added;

	(void)kind;
	if (strcasecmp(name, list->name) != 0 || length + sizeof(",") > sizeof(list->text) - list->length)
		return MHD_YES;
	added = snprintf(list->text + list->length, sizeof(list->text) - list->length, "%s%s",
	                 list->lines > 0 ? "," : "", value ? value : "");
	list->lines++;
	list->length += (size_t)added;
	return MHD_YES;
}

const char *field_list_read(struct field_list *list, struct MHD_Connection *connection, const char *name)
{
	list->name = name;
	list->lines = list->length = 0;
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_line, list);
	return list->lines > 0 ? list->text : NULL;
}
