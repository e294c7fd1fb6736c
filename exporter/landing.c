/* SPDX-License-Identifier: Apache-2.0 */
/* The page at `/`. It needs no script, no style and nothing from elsewhere. */
#include "exporter/landing.h"

static const char head[] = "<!DOCTYPE html>\n"
                           "<html lang=\"en\">\n"
                           "<head>\n"
                           "<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width\">\n"
                           "<meta name=\"color-scheme\" content=\"light dark\">\n"
                           "<title>tcp_exporter</title>\n"
                           "</head>\n"
                           "<body>\n"
                           "<h1>tcp_exporter</h1>\n"
                           "<p>This host's TCP connections by state, process and port, for Prometheus.</p>\n";

/* Escaped for element content and for quoted attributes. */
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

static void put_link(struct textbuf *out, const char *path, const char *text)
{
	textbuf_puts(out, "<li><a href=\"");
	put_escaped(out, path);
	textbuf_puts(out, "\">");
	put_escaped(out, path);
	textbuf_puts(out, "</a>: ");
	textbuf_puts(out, text);
	textbuf_puts(out, "</li>\n");
}

void landing_write(struct textbuf *out, const char *version, const char *telemetry_path)
{
	textbuf_puts(out, head);
	textbuf_puts(out, "<p>Version ");
	put_escaped(out, version);
	textbuf_puts(out, "</p>\n<ul>\n");
	put_link(out, telemetry_path, "the metrics");
	put_link(out, "/healthz", "whether the exporter is alive");
	put_link(out, "/readyz", "whether the last snapshot of the TCP table worked");
	textbuf_puts(out, "</ul>\n</body>\n</html>\n");
}
