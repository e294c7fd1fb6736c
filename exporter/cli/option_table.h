/* SPDX-License-Identifier: Apache-2.0 */
/* Table of flags: the parser and --help read it. */
#ifndef EXPORTER_CLI_OPTION_TABLE_H
#define EXPORTER_CLI_OPTION_TABLE_H

#include "exporter/choice.h"
#include "exporter/options.h"
#include "metrics/textbuf.h"

/* The default of a switch that is on. */
#define OPTION_SWITCH_ON "on"

enum {
	/* No set of Prometheus servers has more requests in flight. */
	MAX_REQUESTS_LIMIT = 10000,
	/* Far more series than a Prometheus server can take from one target. */
	MAX_SERIES_LIMIT = 10000000,
};

enum option_kind {
	OPTION_ACTION,       /* no value */
	OPTION_SWITCH,       /* no value, and --no-NAME */
	OPTION_CHOICE,       /* one of `choices` */
	OPTION_MAYBE_CHOICE, /* an OPTION_CHOICE only as --NAME=VALUE; --NAME means the first choice */
	OPTION_NUMBER,       /* from min to max */
	OPTION_TEXT,         /* any text that `set` accepts */
};

/* A value for a setter. */
struct option_value {
	const char *text;
	size_t number;    /* the number, the choice's index, or 0 and 1 for a switch */
	char reason[160]; /* "", or why `set` refused it */
};

struct option {
	const char *name;
	enum option_kind kind;
	bool repeatable;
	bool last_wins;          /* the last of several values counts */
	char letter;             /* 'h' for -h; 0: none */
	const char *group;       /* the heading before this row, or NULL */
	const char *fallback;    /* the default value, as text; NULL: no default */
	const char *placeholder; /* stands for the value in --help */
	choice_names *choices;
	unsigned (*choice_lack)(size_t index); /* the same as `lack`, per choice; NULL: all choices work everywhere */
	unsigned lack; /* a LACKS_ bit: the flag does not work on systems that have it; 0: it works everywhere */
	size_t min, max;
	const char *accepted; /* OPTION_TEXT: completes "... is not ACCEPTED" */
	const char *help;
	bool (*set)(struct options *options, struct option_value *value);
};

/* Rows that other files refer to. */
extern const struct option *const option_backend, *const option_replay, *const option_print_table, *const option_help;

/* `option_count` rows, in the order of --help. */
extern const struct option option_table[];
extern const size_t option_count;

/* Returns true if the flag works on this system. --help, the manual page and the completions leave out other flags. */
bool option_works(const struct option *option);

/* Writes the accepted values as words: "a number from 1 to 9", "one of a, b". Leaves out words that do not work on this
 * system. Cuts the text to `size`. */
void option_accepted(char *text, size_t size, const struct option *option);

/* Stands for a space at which no line breaks. */
#define OPTION_TIE '\x1f'

/* Writes the description of --help: the purpose, the accepted values, whether the option can be repeated, the default.
 */
void option_sentences(struct textbuf *out, const struct option *option);

#endif
