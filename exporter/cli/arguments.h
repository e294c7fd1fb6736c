/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the command line. An argument @FILE stands for the lines of a file, as in other exporters: one argument
 * per line, without empty lines and lines that start with #. */
#ifndef EXPORTER_CLI_ARGUMENTS_H
#define EXPORTER_CLI_ARGUMENTS_H

#include <stddef.h>

#include "metrics/compiler.h"

/* All arguments, including those of files. */
struct arguments {
	int count;
	const char **items;
	char **texts; /* the texts of the files; the items point into them */
	size_t text_count;
};

/* Reads the arguments after the program's name. Returns 0, or -errno with one line in `error`. In either case call
 * arguments_release() after the last use of the items. */
int arguments_read(struct arguments *arguments, int argc, const char *const *argv, char *error, size_t size) MUST_CHECK;
void arguments_release(struct arguments *arguments);

#endif
