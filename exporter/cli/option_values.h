/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags: what each kind accepts, and how a value that was not accepted is shown. */
#ifndef EXPORTER_CLI_OPTION_VALUES_H
#define EXPORTER_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/* The names of a choice by number, NULL past the last. */
typedef const char *choice_names(size_t index);

/* Whether `text` is a decimal number from min to max and nothing else. */
bool value_number(const char *text, size_t min, size_t max, size_t *number);

/* Whether `text` is one of the names; *index tells which. */
bool value_choice(const char *text, choice_names *names, size_t *index);

/* Whether `text` can stand for the path of a request, as it is after decoding: it starts with "/" and
 * has nothing that would end a path or need an escape. */
bool value_url_path(const char *text);

/* Writes `text` in double quotes on one line of printable characters, cut short if it is long. */
void value_quote(char *quoted, size_t size, const char *text);

#endif
