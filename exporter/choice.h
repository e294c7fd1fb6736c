/* SPDX-License-Identifier: Apache-2.0 */
/* Choice: a value of a flag or a setting that accepts only a few words. */
#ifndef EXPORTER_CHOICE_H
#define EXPORTER_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Returns the word by number, or NULL past the last word. */
typedef const char *choice_names(size_t index);

/* Returns true and sets *index if `text` is the word with that number. */
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
