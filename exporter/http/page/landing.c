/* SPDX-License-Identifier: Apache-2.0 */
/* Landing page: fills in the HTML, and finds the page's files by path. */
#include "exporter/http/page/landing.h"

#include <string.h>

struct field {
	const char *name, *text;
};

/* Writes the text, escaped for element content and for quoted attributes. */
static void put_escaped(struct textbuf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			textbuf_puts(out, "&amp;");
			break;
		case '<':
			textbuf_puts(out, "&lt;");
			break;
		case '>':
			textbuf_puts(out, "&gt;");
			break;
		case '"':
			textbuf_puts(out, "&quot;");
			break;
		case '\'':
			textbuf_puts(out, "&#39;");
			break;
		default:
			textbuf_putc(out, *text);
		}
	}
}

const struct page_file *landing_file(const char *path)
{
	const struct page_file *file = page_files + 1; /* not index.html, which is only served filled in */

	while (file->path && strcmp(file->path, path) != 0)
		file++;
	return file->path ? file : NULL;
}

/* Returns the field whose name is at the start of the bytes, or NULL. */
static const struct field *find_field(const struct field *fields, const char *at, const char *end)
{
	for (const struct field *field = fields; field->name; field++) {
		size_t length = strlen(field->name);

		if ((size_t)(end - at) >= length && memcmp(at, field->name, length) == 0)
			return field;
	}
	return NULL;
}

/* Writes the line, unless it has a field without a text. */
static void write_line(struct textbuf *out, const struct field *fields, const char *at, const char *end)
{
	size_t start = out->length;

	while (at < end) {
		const struct field *field = find_field(fields, at, end);

		if (!field) {
			textbuf_putc(out, *at++);
			continue;
		}
		if (!field->text) {
			out->length = start;
			return;
		}
		put_escaped(out, field->text);
		at += strlen(field->name);
	}
}

void landing_write(struct textbuf *out, const struct landing_fields *values)
{
	const struct field fields[] = {
	        {"{{version}}", values->version}, {"{{docs}}", values->docs},       {"{{host}}", values->host},
	        {"{{metrics}}", values->metrics}, {"{{sockets}}", values->sockets}, {NULL, NULL},
	};
	const char *at = (const char *)page_files[0].data, *end = at + page_files[0].length;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		const char *next = line_end ? line_end + 1 : end;

		write_line(out, fields, at, next);
		at = next;
	}
}
