/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the form @FILE stand for the lines of a file, as in other exporters: one argument per line; empty lines
 * and lines that start with # are left out. */
#ifndef EXPORTER_CLI_ARGUMENTS_H
#define EXPORTER_CLI_ARGUMENTS_H

#include <stddef.h>

#include "metrics/compiler.h"

/* Every argument, those of files included. */
struct arguments {
	int count;
	const char **items;
	char **texts; /* of the files, which the items point into */
	size_t text_count;
};

/* Reads the arguments after the program's name. Returns 0, or -errno with one line in `error`. Call
 * arguments_release() in either case, once the items are not needed. */
int arguments_read(struct arguments *arguments, int argc, const char *const *argv, char *error, size_t size) MUST_CHECK;
void arguments_release(struct arguments *arguments);

#endif
