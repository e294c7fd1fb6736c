/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a recorded snapshot, and decoders of their values. Pure. A word is not terminated. */
#ifndef EXPORTER_PLATFORM_REPLAY_WORD_H
#define EXPORTER_PLATFORM_REPLAY_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
	const char *bytes;
	size_t length;
};

/* Removes the first word from `line` and returns it: the bytes before the next space. Its length is 0 at the end. */
struct word word_next(struct word *line);

bool word_is(struct word word, const char *text);

/* Removes `prefix` from the word and returns true if the word starts with it. */
bool word_skip(struct word *word, const char *prefix);

/* Splits the word at its last `separator`. Returns false without a separator. */
bool word_split(struct word word, char separator, struct word *before, struct word *after);

/* Reads the whole word as a decimal number of at most `max`. Returns false if it is none. */
bool word_number(struct word word, uint64_t max, uint64_t *number);

/* Reads "192.0.2.1" or "[2001:db8:0:0:0:0:0:1]" in network byte order. *family is 4 or 6. Returns false for other
 * words. */
bool word_address(struct word word, int *family, uint8_t bytes[16]);

/* Writes the bytes of the word to `out`, which has room for word.length bytes, and their number to *length. Decodes
 * %XX. Returns false if a "%" has no two hexadecimal digits after it. */
bool word_unescape(struct word word, char *out, size_t *length);

#endif
