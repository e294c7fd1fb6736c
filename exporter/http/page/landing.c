/* SPDX-License-Identifier: Apache-2.0 */
/* Landing page: fills in the HTML, and finds the page's files by path. */
#include "exporter/http/page/landing.h"

#include <string.h>

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

void landing_write(struct textbuf *out, const struct landing_fields *values)
{
	const struct {
		const char *name, *text;
	} fields[] = {
	        {"{{version}}", values->version}, {"{{docs}}", values->docs},       {"{{host}}", values->host},
	        {"{{metrics}}", values->metrics}, {"{{sockets}}", values->sockets},
	};
	const char *at = (const char *)page_files[0].data, *end = at + page_files[0].length;

	while (at < end) {
		size_t field = 0, length = 0;

		for (; field < sizeof(fields) / sizeof(fields[0]); field++) {
			length = strlen(fields[field].name);
			if ((size_t)(end - at) >= length && memcmp(at, fields[field].name, length) == 0)
				break;
		}
		if (field < sizeof(fields) / sizeof(fields[0])) {
			put_escaped(out, fields[field].text);
			at += length;
		} else {
			textbuf_putc(out, *at++);
		}
	}
}
