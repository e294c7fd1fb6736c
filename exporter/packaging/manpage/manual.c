/* SPDX-License-Identifier: Apache-2.0 */
/* Manual page: writes the lists of flags and metrics as roff with the man macros. */
#include <string.h>

#include "exporter/cli/option_table.h"
#include "exporter/packaging/manpage/manpage.h"
#include "metrics/report/catalog.h"

enum {
	/* Longest line of the template, which is wrapped by hand. */
	LINE_BYTES_MAX = 512,
	SENTENCES_BYTES_MAX = 4096,
};

/* Writes a text so that roff prints it unchanged: dashes can be copied, and a line does not start a request. */
static void put_text(struct textbuf *out, const char *text, size_t length)
{
	if (length > 0 && (text[0] == '.' || text[0] == '\''))
		textbuf_puts(out, "\\&");
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			textbuf_puts(out, "\\e");
		else if (text[i] == '-')
			textbuf_puts(out, "\\-");
		else if (text[i] == OPTION_TIE)
			textbuf_puts(out, "\\ ");
		else
			textbuf_putc(out, text[i]);
	}
}

static void put_in_font(struct textbuf *out, char font, const char *text)
{
	textbuf_printf(out, "\\f%c", font);
	put_text(out, text, strlen(text));
	textbuf_puts(out, "\\fR");
}

/* Writes one line per sentence, so that roff spaces the sentences. */
static void put_sentences(struct textbuf *out, const char *text)
{
	while (*text != '\0') {
		const char *stop = strstr(text, ". ");
		size_t length = stop != NULL ? (size_t)(stop - text) + 1 : strlen(text);

		put_text(out, text, length);
		textbuf_putc(out, '\n');
		text += length;
		text += strspn(text, " ");
	}
}

static void put_tag(struct textbuf *out, const struct option *option)
{
	textbuf_puts(out, ".TP\n");
	if (option->letter != 0)
		textbuf_printf(out, "\\fB\\-%c\\fR, ", option->letter);
	textbuf_puts(out, option->kind == OPTION_SWITCH ? "\\fB\\-\\-\\fR[\\fBno\\-\\fR]" : "\\fB\\-\\-\\fR");
	put_in_font(out, 'B', option->name);
	if (option->placeholder != NULL) {
		textbuf_puts(out, option->kind == OPTION_MAYBE_CHOICE ? "[=" : "=");
		put_in_font(out, 'I', option->placeholder);
		textbuf_puts(out, option->kind == OPTION_MAYBE_CHOICE ? "]" : "");
	}
	textbuf_putc(out, '\n');
}

static void put_flags(struct textbuf *out)
{
	struct textbuf sentences;

	textbuf_init(&sentences, SENTENCES_BYTES_MAX);
	for (size_t i = 0; i < option_count; i++) {
		if (!option_works(&option_table[i]))
			continue;
		if (option_table[i].group != NULL)
			textbuf_printf(out, ".SS %s\n", option_table[i].group);
		put_tag(out, &option_table[i]);
		textbuf_reset(&sentences);
		option_sentences(&sentences, &option_table[i]);
		textbuf_putc(&sentences, '\0');
		if (sentences.error != 0)
			out->error = sentences.error;
		else
			put_sentences(out, sentences.data);
	}
	textbuf_release(&sentences);
}

/* Writes the labels "a,b" as a, b in italics. */
static void put_labels(struct textbuf *out, const char *labels)
{
	while (*labels != '\0') {
		size_t length = strcspn(labels, ",");

		textbuf_puts(out, " \\fI");
		put_text(out, labels, length);
		textbuf_puts(out, "\\fR");
		labels += length;
		if (*labels == ',')
			textbuf_putc(out, *labels++);
	}
}

static void put_metrics(struct textbuf *out)
{
	for (int id = 0; id < METRIC_COUNT; id++) {
		textbuf_puts(out, ".TP\n");
		put_in_font(out, 'B', catalog[id].name);
		put_labels(out, catalog[id].labels);
		textbuf_putc(out, '\n');
		put_sentences(out, catalog[id].help);
	}
}

void manpage_manual(struct textbuf *out, FILE *template)
{
	char line[LINE_BYTES_MAX];

	while (fgets(line, sizeof(line), template) != NULL) {
		if (strcmp(line, "%flags%\n") == 0)
			put_flags(out);
		else if (strcmp(line, "%metrics%\n") == 0)
			put_metrics(out);
		else
			textbuf_puts(out, line);
	}
}
