/* SPDX-License-Identifier: Apache-2.0 */
/* A choice: one of a few words, which a flag or a setting accepts. */
#ifndef EXPORTER_CHOICE_H
#define EXPORTER_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The words of a choice by number, NULL past the last. */
typedef const char *choice_names(size_t index);

/* Returns true if `text` is one of the words, and sets *index to its number. */
static inline bool choice_find(choice_names *names, const char *text, size_t *index)
{
	for (size_t i = 0; names(i) != NULL; i++) {
		if (strcmp(text, names(i)) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

#endif
