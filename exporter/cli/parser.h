/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parser of the command line. One table in option_table.c drives the parser, --help and the reference's list. To add a
 * flag, add a row there and a field in options.h.
 */
#ifndef EXPORTER_CLI_PARSER_H
#define EXPORTER_CLI_PARSER_H

#include "exporter/options.h"
#include "metrics/textbuf.h"

/*
 * Parses the arguments after the program's name. Accepts --flag=value and --flag value, and switches as --flag and
 * --no-flag. Strings point into argv. Repeatable flags add up, and other flags are given once. No flag follows "--".
 * Returns 0, or -EINVAL with one line in `error` that names the flag, the value and the accepted values.
 */
int options_parse(struct options *options, int argc, const char *const *argv, char *error, size_t size) MUST_CHECK;

/* Writes the text of --help. */
void options_help(struct textbuf *out);

#endif
