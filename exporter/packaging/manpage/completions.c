/* SPDX-License-Identifier: Apache-2.0 */
/* Completions of flags and their values for bash, zsh and fish. */
#include <string.h>

#include "exporter/cli/option_table.h"
#include "exporter/packaging/manpage/manpage.h"

/* The help that shells show for --no-NAME. */
#define NEGATION_HELP "Turn this off."

/* The source of a shell's completions of a value. */
enum value_kind { VALUE_NONE, VALUE_ANY, VALUE_CHOICE, VALUE_FILE, VALUE_FOLDER };

static enum value_kind value_kind(const struct option *option)
{
	if (option->placeholder == NULL)
		return VALUE_NONE;
	if (option->choices != NULL)
		return VALUE_CHOICE;
	if (strcmp(option->placeholder, "FILE") == 0)
		return VALUE_FILE;
	return strcmp(option->placeholder, "DIRECTORY") == 0 ? VALUE_FOLDER : VALUE_ANY;
}

static void put_choices(struct textbuf *out, const struct option *option)
{
	for (size_t i = 0; option->choices(i) != NULL; i++)
		textbuf_printf(out, "%s%s", i == 0 ? "" : " ", option->choices(i));
}

/* Writes a text for single quotes, with a backslash before each byte of `special`. `quote` replaces each single quote
 * in the text. */
static void put_quoted(struct textbuf *out, const char *text, const char *special, const char *quote)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			textbuf_puts(out, quote);
			continue;
		}
		if (strchr(special, *text) != NULL)
			textbuf_putc(out, '\\');
		textbuf_putc(out, *text);
	}
}

/* ---- bash ---- */

static const char bash_head[] = "# bash completion for tcp_exporter, made from its table of flags\n"
                                "\n"
                                "# Completes the value of $flag.\n"
                                "_tcp_exporter_value()\n"
                                "{\n"
                                "\tcase $flag in\n";

/* bash passes "--flag=val" as three words, or as one if COMP_WORDBREAKS does not contain "=". */
static const char bash_middle[] = "\tesac\n"
                                  "}\n"
                                  "\n"
                                  "_tcp_exporter()\n"
                                  "{\n"
                                  "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                                  "\tlocal flag= typed= prefix= words= action=-W replies\n"
                                  "\tif [[ $word == --*=* ]]; then\n"
                                  "\t\tflag=${word%%=*} typed=${word#*=} prefix=$flag=\n"
                                  "\telif [[ $word == = ]]; then\n"
                                  "\t\tflag=$before\n"
                                  "\telif [[ $before == = && $COMP_CWORD -gt 1 ]]; then\n"
                                  "\t\tflag=${COMP_WORDS[COMP_CWORD-2]} typed=$word\n"
                                  "\telif [[ $word != -* ]]; then\n"
                                  "\t\tflag=$before typed=$word\n"
                                  "\tfi\n"
                                  "\tif [[ $flag == --* ]]; then\n"
                                  "\t\t_tcp_exporter_value\n"
                                  "\telse\n"
                                  "\t\ttyped=$word words='";

static const char bash_tail[] = "'\n"
                                "\tfi\n"
                                "\tif [[ $action == -W ]]; then\n"
                                "\t\treplies=$(compgen -W \"$words\" -- \"$typed\")\n"
                                "\telse\n"
                                "\t\tcompopt -o filenames 2>/dev/null\n"
                                "\t\treplies=$(compgen $action -- \"$typed\")\n"
                                "\tfi\n"
                                "\t[[ $replies != *= ]] || compopt -o nospace 2>/dev/null\n"
                                "\tCOMPREPLY=()\n"
                                "\tif [[ -n $replies ]]; then\n"
                                "\t\tmapfile -t COMPREPLY <<<\"$replies\"\n"
                                "\t\tCOMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
                                "\tfi\n"
                                "}\n"
                                "complete -F _tcp_exporter tcp_exporter\n";

static void put_bash_value(struct textbuf *out, const struct option *option)
{
	enum value_kind kind = value_kind(option);

	if (kind == VALUE_NONE || kind == VALUE_ANY)
		return;
	textbuf_printf(out, "\t--%s) ", option->name);
	if (kind == VALUE_CHOICE) {
		textbuf_puts(out, "words='");
		put_choices(out, option);
		textbuf_putc(out, '\'');
	} else {
		textbuf_puts(out, kind == VALUE_FILE ? "action=-f" : "action=-d");
	}
	textbuf_puts(out, " ;;\n");
}

static void put_bash_flag(struct textbuf *out, const struct option *option)
{
	const char *space = out->data[out->length - 1] == '\'' ? "" : " ";

	textbuf_printf(out, "%s--%s%s", space, option->name, option->placeholder != NULL ? "=" : "");
	if (option->kind == OPTION_MAYBE_CHOICE)
		textbuf_printf(out, " --%s", option->name);
	if (option->kind == OPTION_SWITCH)
		textbuf_printf(out, " --no-%s", option->name);
	if (option->letter != 0)
		textbuf_printf(out, " -%c", option->letter);
}

void manpage_bash(struct textbuf *out)
{
	textbuf_puts(out, bash_head);
	for (size_t i = 0; i < option_count; i++)
		if (option_works(&option_table[i]))
			put_bash_value(out, &option_table[i]);
	textbuf_puts(out, bash_middle);
	for (size_t i = 0; i < option_count && out->error == 0; i++)
		if (option_works(&option_table[i]))
			put_bash_flag(out, &option_table[i]);
	textbuf_puts(out, bash_tail);
}

/* ---- zsh ---- */

static void put_zsh_value(struct textbuf *out, const struct option *option)
{
	enum value_kind kind = value_kind(option);

	if (kind == VALUE_NONE)
		return;
	textbuf_puts(out, option->kind == OPTION_MAYBE_CHOICE ? "::" : ":");
	put_quoted(out, option->placeholder, "\\:", "'\\''");
	textbuf_putc(out, ':');
	if (kind == VALUE_CHOICE) {
		textbuf_putc(out, '(');
		put_choices(out, option);
		textbuf_putc(out, ')');
	} else if (kind != VALUE_ANY) {
		textbuf_puts(out, kind == VALUE_FILE ? "_files" : "_files -/");
	}
}

/* Writes one spec of _arguments: '*--name=[help]:PLACEHOLDER:values'. */
static void put_zsh_spec(struct textbuf *out, const struct option *option, const char *dashes, const char *name,
                         const char *help)
{
	textbuf_printf(out, " \\\n\t'%s%s%s", option->repeatable ? "*" : "", dashes, name);
	if (option->placeholder != NULL)
		textbuf_puts(out, option->kind == OPTION_MAYBE_CHOICE ? "=-" : "=");
	textbuf_putc(out, '[');
	put_quoted(out, help, "\\[]:", "'\\''");
	textbuf_putc(out, ']');
	put_zsh_value(out, option);
	textbuf_putc(out, '\'');
}

void manpage_zsh(struct textbuf *out)
{
	textbuf_puts(out, "#compdef tcp_exporter\n# made from tcp_exporter's table of flags\n\n_arguments");
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		char letter[] = {option->letter, '\0'};

		if (!option_works(option))
			continue;
		put_zsh_spec(out, option, "--", option->name, option->help);
		if (option->kind == OPTION_SWITCH)
			put_zsh_spec(out, option, "--no-", option->name, NEGATION_HELP);
		if (option->letter != 0)
			put_zsh_spec(out, option, "-", letter, option->help);
	}
	textbuf_putc(out, '\n');
}

/* ---- fish ---- */

static void put_fish_flag(struct textbuf *out, const struct option *option, const char *negation, const char *help)
{
	enum value_kind kind = value_kind(option);

	textbuf_printf(out, "complete -c tcp_exporter -l %s%s", negation, option->name);
	if (option->letter != 0)
		textbuf_printf(out, " -s %c", option->letter);
	if (kind == VALUE_FILE)
		textbuf_puts(out, " -r -F");
	else if (kind == VALUE_FOLDER)
		textbuf_puts(out, " -x -a '(__fish_complete_directories)'");
	else if (kind != VALUE_NONE && option->kind != OPTION_MAYBE_CHOICE)
		textbuf_puts(out, " -x");
	if (kind == VALUE_CHOICE) {
		textbuf_puts(out, " -a '");
		put_choices(out, option);
		textbuf_putc(out, '\'');
	}
	textbuf_puts(out, " -d '");
	put_quoted(out, help, "\\", "\\'");
	textbuf_puts(out, "'\n");
}

void manpage_fish(struct textbuf *out)
{
	textbuf_puts(out, "# fish completion for tcp_exporter, made from its table of flags\n"
	                  "complete -c tcp_exporter -f\n");
	for (size_t i = 0; i < option_count; i++) {
		if (!option_works(&option_table[i]))
			continue;
		put_fish_flag(out, &option_table[i], "", option_table[i].help);
		if (option_table[i].kind == OPTION_SWITCH)
			put_fish_flag(out, &option_table[i], "no-", NEGATION_HELP);
	}
}
