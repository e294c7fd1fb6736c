/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readme_tables metrics|own-metrics|flags: prints a table of README.md or docs/reference.md as Markdown, from the
 * program's own tables.
 */
#include <stdio.h>
#include <string.h>

#include "exporter/cli/parser.h"
#include "metrics/report/catalog.h"
#include "metrics/textbuf.h"

/* Far larger than any of the tables. */
#define TABLE_BYTES_MAX (1 << 20)

static const char *type_name(enum metric_type type)
{
	return type == METRIC_COUNTER ? "counter" : "gauge"; /* as in text 0.0.4 */
}

/* Writes "a,b" as `a`, `b` in code spans. */
static void put_labels(struct textbuf *out, const char *labels)
{
	for (const char *at = labels; *at != '\0';) {
		size_t length = strcspn(at, ",");

		textbuf_puts(out, at == labels ? "`" : ", `");
		textbuf_append(out, at, length);
		textbuf_putc(out, '`');
		at += length;
		at += strspn(at, ",");
	}
}

/* Writes the text of a cell. Escapes "|", which would end the cell. */
static void put_cell(struct textbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			textbuf_putc(out, '\\');
		textbuf_putc(out, *text);
	}
}

static void put_metrics(struct textbuf *out, uint64_t families)
{
	textbuf_puts(out, "| metric | type | labels | meaning |\n|---|---|---|---|\n");
	for (int id = 0; id < METRIC_COUNT; id++) {
		if ((families & METRIC_BIT(id)) == 0)
			continue;
		textbuf_printf(out, "| `%s` | %s | ", catalog[id].name, type_name(catalog[id].type));
		put_labels(out, catalog[id].labels);
		textbuf_puts(out, " | ");
		put_cell(out, catalog[id].help);
		textbuf_puts(out, " |\n");
	}
}

static void put_flags(struct textbuf *out)
{
	textbuf_puts(out, "```text\n");
	options_help(out);
	textbuf_puts(out, "```\n");
}

int main(int argc, char **argv)
{
	struct textbuf out;
	int failed;

	textbuf_init(&out, TABLE_BYTES_MAX);
	if (argc == 2 && strcmp(argv[1], "metrics") == 0) {
		put_metrics(&out, METRICS_ALL & ~METRICS_OF_EXPORTER);
	} else if (argc == 2 && strcmp(argv[1], "own-metrics") == 0) {
		put_metrics(&out, METRICS_OF_EXPORTER);
	} else if (argc == 2 && strcmp(argv[1], "flags") == 0) {
		put_flags(&out);
	} else {
		fprintf(stderr, "usage: readme_tables metrics|own-metrics|flags\n");
		return 2;
	}
	failed = out.error != 0 || fwrite(out.data, 1, out.length, stdout) != out.length || fflush(stdout) != 0;
	textbuf_release(&out);
	return failed;
}
