/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of the command line. One table, in option_table.c, drives it, --help and the README's list. To add a
 * flag, add a row there and a field in options.h.
 */
#ifndef EXPORTER_CLI_PARSER_H
#define EXPORTER_CLI_PARSER_H

#include "exporter/options.h"
#include "metrics/textbuf.h"

/*
 * Parses the arguments after the program's name. Both --flag=value and --flag value; booleans as
 * --flag and --no-flag. Strings point into argv. 0, or -EINVAL with one line in `error` that names
 * the flag, what was given and what is accepted. Repeatable flags add up, others are given once. After "--" there are
 * no flags.
 */
int options_parse(struct options *options, int argc, const char *const *argv, char *error, size_t size) MUST_CHECK;

/* The text of --help. */
void options_help(struct textbuf *out);

#endif
