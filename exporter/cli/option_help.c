/* SPDX-License-Identifier: Apache-2.0 */
/* Help: the text of --help, from the table of flags. */
#include <string.h>

#include "exporter/cli/option_table.h"
#include "exporter/cli/parser.h"

enum {
	/* Fits a terminal of 100 columns. */
	HELP_WIDTH = 96,
	/* The column of the descriptions. */
	HELP_COLUMN = 36,
	SENTENCES_MAX = 512,
};

static const char introduction[] =
        "usage: tcp_exporter [flags]\n"
        "\n"
        "Serves the TCP connections of this host, by state, process and port, as Prometheus metrics.\n"
        "Flags are written --flag=value or --flag value.\n";

static const char ending[] =
        "\nMetrics, labels and example queries: README.md, in the source tree and in the packages.\n";

static void put_spaces(struct textbuf *out, size_t count)
{
	while (count-- > 0)
		textbuf_putc(out, ' ');
}

static void put_word(struct textbuf *out, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		textbuf_putc(out, word[i] == OPTION_TIE ? ' ' : word[i]);
}

/* Writes the words of `text` in lines from HELP_COLUMN to HELP_WIDTH. The cursor is at `column`. */
static void put_wrapped(struct textbuf *out, const char *text, size_t column)
{
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (column + 1 + length > HELP_WIDTH) {
			textbuf_putc(out, '\n');
			column = 0;
		}
		if (column < HELP_COLUMN) {
			put_spaces(out, HELP_COLUMN - column);
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			textbuf_putc(out, ' ');
			column++;
		}
		put_word(out, text, length);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	textbuf_putc(out, '\n');
}

/* Writes the flag as in "  -h, --help". Returns the length. */
static size_t put_usage(struct textbuf *out, const struct option *option)
{
	size_t before = out->length;

	textbuf_puts(out, "  ");
	if (option->letter != 0)
		textbuf_printf(out, "-%c, ", option->letter);
	textbuf_printf(out, option->kind == OPTION_SWITCH ? "--[no-]%s" : "--%s", option->name);
	if (option->kind == OPTION_MAYBE_CHOICE)
		textbuf_printf(out, "[=%s]", option->placeholder);
	else if (option->placeholder != NULL)
		textbuf_printf(out, "=%s", option->placeholder);
	return out->length - before;
}

void option_sentences(struct textbuf *out, const struct option *option)
{
	char accepted[SENTENCES_MAX];

	textbuf_puts(out, option->help);
	if (option->choices != NULL || option->kind == OPTION_NUMBER) {
		option_accepted(accepted, sizeof(accepted), option);
		accepted[0] = accepted[0] == 'o' ? 'O' : 'A';
		textbuf_printf(out, " %s.", accepted);
	}
	if (option->repeatable)
		textbuf_puts(out, " Can be given several times.");
	if (option->fallback != NULL)
		textbuf_printf(out, " Default:%c%s", OPTION_TIE, option->fallback);
}

static void put_option(struct textbuf *out, struct textbuf *sentences, const struct option *option)
{
	size_t column;

	if (option->group != NULL)
		textbuf_printf(out, "\n%s\n", option->group);
	column = put_usage(out, option);
	if (column + 2 > HELP_COLUMN) {
		textbuf_putc(out, '\n');
		column = 0;
	}
	textbuf_reset(sentences);
	option_sentences(sentences, option);
	textbuf_putc(sentences, '\0');
	put_wrapped(out, sentences->error == 0 ? sentences->data : option->help, column);
}

void options_help(struct textbuf *out)
{
	struct textbuf sentences;

	textbuf_init(&sentences, 4096); /* more than any row's text */
	textbuf_puts(out, introduction);
	for (size_t i = 0; i < option_count; i++)
		if (option_works(&option_table[i]))
			put_option(out, &sentences, &option_table[i]);
	textbuf_puts(out, ending);
	textbuf_release(&sentences);
}
