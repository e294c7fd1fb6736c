/* SPDX-License-Identifier: Apache-2.0 */
/* Parser: reads the arguments by the table of flags. */
#include "exporter/cli/parser.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exporter/cli/option_table.h"
#include "exporter/number.h"
#include "exporter/printable.h"

enum {
	/* Bytes of a value that an error quotes. */
	QUOTED_MAX = 96,
	/* Bytes of the accepted values: the names of the states are the longest. */
	ACCEPTED_MAX = 192,
};

/* State of the parser. */
struct parse {
	struct options *options;
	const char *const *argv;
	int argc, at;
	bool ended;     /* "--" was read, so no flag follows */
	uint64_t given; /* a bit per row of the table */
	/* As options.foreign, for facts that a recording can have. */
	char foreign_fact[OPTIONS_FOREIGN_MAX];
	char *error;
	size_t size;
};

static int complain(const struct parse *parse, const char *format, ...) PRINTF_LIKE(2, 3);

static int complain(const struct parse *parse, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(parse->error, parse->size, format, args) < 0)
		parse->error[0] = '\0';
	va_end(args);
	return -EINVAL;
}

static int complain_value(const struct parse *parse, const struct option *option, const struct option_value *value)
{
	char quoted[QUOTED_MAX], accepted[ACCEPTED_MAX];

	printable_quote(quoted, sizeof(quoted), value->text);
	option_accepted(accepted, sizeof(accepted), option);
	return complain(parse, "--%s: %s is not %s%s%s", option->name, quoted, accepted,
	                value->reason[0] != '\0' ? ": " : "", value->reason);
}

static int complain_missing(const struct parse *parse, const struct option *option)
{
	char accepted[ACCEPTED_MAX];

	option_accepted(accepted, sizeof(accepted), option);
	return complain(parse, "--%s: no value is given, expected %s", option->name, accepted);
}

static int complain_needless(const struct parse *parse, const struct option *option, const char *text)
{
	bool negatable = option->kind == OPTION_SWITCH;
	char quoted[QUOTED_MAX];

	printable_quote(quoted, sizeof(quoted), text);
	return complain(parse, "--%s: unexpected value %s%s%s%s", option->name, quoted, negatable ? " (--no-" : "",
	                negatable ? option->name : "", negatable ? " turns it off)" : "");
}

static int complain_unknown(const struct parse *parse, const char *text)
{
	bool dashed = text[0] == '-' && text[1] != '\0' && !parse->ended;
	char quoted[QUOTED_MAX];

	printable_quote(quoted, sizeof(quoted), text);
	return complain(parse, "%s %s (see --%s)", dashed ? "unknown flag" : "unexpected argument", quoted,
	                option_help->name);
}

static const char *choice_at(const struct option *option, size_t index)
{
	return option->choices != NULL ? option->choices(index) : NULL;
}

static bool has_name(const struct option *option, const char *name, size_t length)
{
	return strlen(option->name) == length && memcmp(option->name, name, length) == 0;
}

static const struct option *find(const char *name, size_t length)
{
	for (size_t i = 0; i < option_count; i++)
		if (has_name(&option_table[i], name, length))
			return &option_table[i];
	return NULL;
}

/* Returns the switch that "no-NAME" turns off, or NULL. */
static const struct option *find_negated(const char *name, size_t length)
{
	static const char prefix[] = "no-";
	const size_t skip = sizeof(prefix) - 1;
	const struct option *option;

	if (length <= skip || memcmp(name, prefix, skip) != 0)
		return NULL;
	option = find(name + skip, length - skip);
	return option != NULL && option->kind == OPTION_SWITCH ? option : NULL;
}

static const struct option *find_letter(const char *text)
{
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].letter != 0 && text[0] == '-' && text[1] == option_table[i].letter &&
		    text[2] == '\0')
			return &option_table[i];
	return NULL;
}

/* Reads `value->text` by the kind of the option, and sets it. */
static int set_value(const struct parse *parse, const struct option *option, struct option_value *value)
{
	bool fits = true;

	if (option->kind == OPTION_CHOICE || option->kind == OPTION_MAYBE_CHOICE)
		fits = choice_find(option->choices, value->text, &value->number);
	else if (option->kind == OPTION_NUMBER)
		fits = number_parse(value->text, option->min, option->max, &value->number);
	if (!fits || !option->set(parse->options, value))
		return complain_value(parse, option, value);
	return 0;
}

/* Notes that a flag was given. Refuses a second value of a flag that is not repeatable, since one would be lost. */
static int note_given(struct parse *parse, const struct option *option)
{
	const uint64_t bit = UINT64_C(1) << (option - option_table);

	if ((parse->given & bit) != 0 && !option->repeatable && !option->last_wins)
		return complain(parse, "--%s: given more than once", option->name);
	parse->given |= bit;
	return 0;
}

/* Returns the next argument as a value, or NULL if it is a flag. */
static const char *next_value(struct parse *parse)
{
	const char *next = parse->at < parse->argc ? parse->argv[parse->at] : NULL;

	if (next == NULL || strncmp(next, "--", 2) == 0)
		return NULL;
	parse->at++;
	return next;
}

/* Notes a flag that asks for something that this system lacks. The first one counts. */
static void note_foreign(struct parse *parse, const struct option *option, const struct option_value *value)
{
	const bool is_choice = option->kind == OPTION_CHOICE;
	unsigned lacking = option->lack | (option->choice_lack != NULL ? option->choice_lack(value->number) : 0);
	char *foreign = parse->options->foreign;

	lacking &= platform_lacks;
	if (lacking != 0 && (lacking & LACKS_FOR_GOOD) == 0)
		foreign = parse->foreign_fact;
	if (lacking != 0 && foreign[0] == '\0')
		snprintf(foreign, OPTIONS_FOREIGN_MAX, "--%s%s%s", option->name, is_choice ? "=" : "",
		         is_choice ? value->text : "");
}

static int parse_known(struct parse *parse, const struct option *option, const char *text, bool on)
{
	struct option_value value = {.text = text, .number = on};
	int err;

	if (note_given(parse, option) != 0)
		return -EINVAL;
	switch (option->kind) {
	case OPTION_ACTION:
	case OPTION_SWITCH:
		if (text != NULL)
			return complain_needless(parse, option, text);
		value.text = "";
		break;
	case OPTION_MAYBE_CHOICE:
		if (text == NULL)
			value.text = option->choices(0);
		break;
	case OPTION_CHOICE:
	case OPTION_NUMBER:
	case OPTION_TEXT:
		if (text == NULL)
			value.text = next_value(parse);
		break;
	}
	err = value.text != NULL ? set_value(parse, option, &value) : complain_missing(parse, option);
	if (err == 0 && on)
		note_foreign(parse, option, &value);
	return err;
}

static int parse_argument(struct parse *parse)
{
	const char *text = parse->argv[parse->at++], *name, *equals;
	const struct option *option = find_letter(text);
	size_t length;
	bool on = true;

	if (parse->ended)
		return complain_unknown(parse, text);
	if (option != NULL)
		return parse_known(parse, option, NULL, on);
	if (strcmp(text, "--") == 0) {
		parse->ended = true;
		return 0;
	}
	if (strncmp(text, "--", 2) != 0)
		return complain_unknown(parse, text);
	name = text + 2;
	equals = strchr(name, '=');
	length = equals != NULL ? (size_t)(equals - name) : strlen(name);
	option = find(name, length);
	if (option == NULL) {
		option = find_negated(name, length);
		on = false;
	}
	if (option == NULL)
		return complain_unknown(parse, text);
	return parse_known(parse, option, equals != NULL ? equals + 1 : NULL, on);
}

/* Sets every default as if it were given. The default of a repeatable option is set only without another value. */
static int set_defaults(const struct parse *parse, bool repeatable)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		struct option_value value = {.text = option->fallback};
		int err;

		if (value.text == NULL || option->repeatable != repeatable)
			continue;
		value.number = strcmp(value.text, OPTION_SWITCH_ON) == 0;
		err = set_value(parse, option, &value);
		if (err != 0)
			return err;
	}
	return 0;
}

/* Chooses the backend. A file to replay implies the backend replay, and contradicts any other. */
static int settle_backend(const struct parse *parse)
{
	struct options *options = parse->options;
	bool automatic = strcmp(options->backend, OPTIONS_BACKEND_AUTO) == 0;
	bool replays = strcmp(options->backend, platform_replay.name) == 0;
	const char *fault = NULL;

	if (options->replay_file != NULL && automatic)
		options->backend = platform_replay.name;
	else if (options->replay_file != NULL && !replays)
		fault = "reads no recorded snapshot: leave out";
	else if (options->replay_file == NULL && replays)
		fault = "needs a recorded snapshot: give";
	if (fault == NULL)
		return 0;
	return complain(parse, "--%s: \"%s\" %s --%s", option_backend->name, options->backend, fault,
	                option_replay->name);
}

/* Refuses a recording of some sockets only, because a recording has the rows that the platform saw. */
static int settle_table(const struct parse *parse)
{
	const struct table_options *table = &parse->options->table;

	if (table->format != TABLE_REPLAY || !table_is_special(table))
		return 0;
	return complain(parse, "--%s: \"replay\" prints every socket: leave out --%s.process, .state, .port and .wide",
	                option_print_table->name, option_print_table->name);
}

/* Facts of another system are foreign unless a recording has them. */
static void settle_foreign(const struct parse *parse)
{
	struct options *options = parse->options;

	if (options->foreign[0] == '\0' && options->replay_file == NULL)
		memcpy(options->foreign, parse->foreign_fact, sizeof(options->foreign));
}

int options_parse(struct options *options, int argc, const char *const *argv, char *error, size_t size)
{
	struct parse parse = {.options = options, .argv = argv, .argc = argc, .error = error, .size = size};
	int err;

	*options = (struct options){.action = ACTION_SERVE};
	err = set_defaults(&parse, false);
	while (err == 0 && parse.at < argc)
		err = parse_argument(&parse);
	if (err == 0 && options->listen_count == 0)
		err = set_defaults(&parse, true);
	settle_foreign(&parse);
	if (err == 0)
		err = settle_backend(&parse);
	if (err == 0)
		err = settle_table(&parse);
	return err;
}

bool option_works(const struct option *option)
{
	return (option->lack & platform_lacks) == 0;
}

static bool choice_works(const struct option *option, size_t index)
{
	return option->choice_lack == NULL || (option->choice_lack(index) & platform_lacks) == 0;
}

void option_accepted(char *text, size_t size, const struct option *option)
{
	const char *before = "";

	if (option->kind == OPTION_NUMBER)
		snprintf(text, size, "a number from %zu to %zu", option->min, option->max);
	else if (option->accepted != NULL)
		snprintf(text, size, "%s", option->accepted);
	else
		snprintf(text, size, "one of ");
	for (size_t i = 0; choice_at(option, i) != NULL; i++) {
		const size_t length = strlen(text);

		if (!choice_works(option, i))
			continue;
		snprintf(text + length, size - length, "%s%s", before, choice_at(option, i));
		before = ", ";
	}
}
