/* SPDX-License-Identifier: Apache-2.0 */
/* The table of flags as parsing and --help see it. */
#ifndef EXPORTER_CLI_OPTION_TABLE_H
#define EXPORTER_CLI_OPTION_TABLE_H

#include "exporter/choice.h"
#include "exporter/options.h"
#include "metrics/textbuf.h"

/* The default of a switch that is on. */
#define OPTION_SWITCH_ON "on"

enum {
	/* More requests in flight than any set of Prometheus servers makes. */
	MAX_REQUESTS_LIMIT = 10000,
	/* Far more than a Prometheus server takes from one target without pain. */
	MAX_SERIES_LIMIT = 10000000,
};

enum option_kind {
	OPTION_ACTION,       /* no value */
	OPTION_SWITCH,       /* no value, and --no-NAME */
	OPTION_CHOICE,       /* one of `choices` */
	OPTION_MAYBE_CHOICE, /* the same, only as --NAME=VALUE; without a value it is the first */
	OPTION_NUMBER,       /* from min to max */
	OPTION_TEXT,         /* whatever `set` accepts */
};

/* A value on its way into the options. */
struct option_value {
	const char *text;
	size_t number;    /* the number, the choice's index, or 0 and 1 for a switch */
	char reason[160]; /* "", or why `set` did not accept it */
};

struct option {
	const char *name;
	enum option_kind kind;
	bool repeatable;
	bool last_wins;          /* given again, it replaces what was given before */
	char letter;             /* 'h' for -h; 0: none */
	const char *group;       /* the heading that starts here, or NULL */
	const char *fallback;    /* the default's text, set like any other; NULL: none */
	const char *placeholder; /* for the value in --help */
	choice_names *choices;
	size_t min, max;
	const char *accepted; /* of OPTION_TEXT: "... is not ACCEPTED" */
	const char *help;
	bool (*set)(struct options *options, struct option_value *value);
};

/* Rows that others speak of. */
extern const struct option *const option_backend, *const option_replay, *const option_help;

/* In the order of --help; `option_count` of them. */
extern const struct option option_table[];
extern const size_t option_count;

/* What the option accepts, for a person: "a number from 1 to 9", "one of a, b". Cut to `size`. */
void option_accepted(char *text, size_t size, const struct option *option);

/* Stands for a space where no line may break. */
#define OPTION_TIE '\x1f'

/* All that --help says of the option: what it is for, what it accepts, whether it repeats, its default. */
void option_sentences(struct textbuf *out, const struct option *option);

#endif
