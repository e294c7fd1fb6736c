/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign bytes made fit for a person's terminal: valid UTF-8, with no character that moves the cursor. */
#ifndef EXPORTER_PRINTABLE_H
#define EXPORTER_PRINTABLE_H

#include <stddef.h>

/* What one step writes at the most: each byte of a character of three bytes as "\xNN". */
enum { PRINTABLE_MAX = 12 };

/*
 * Takes the first character of `bytes` (length > 0) and writes how to show it: itself; "\n"; "\xNN"
 * for each byte of a control character (C0, DEL, C1) or of one that changes the direction or the line
 * of text; U+FFFD for what is not UTF-8. Returns the bytes written; *taken those that were taken.
 */
size_t printable_step(char out[PRINTABLE_MAX], const char *bytes, size_t length, size_t *taken);

/* What one step writes at most: "\\u0000". */
enum { JSON_STEP_MAX = 6 };

/* The same for the inside of a JSON string (RFC 8259, 7), which a terminal may show: escapes quotes, backslashes and
 * control characters (C0, DEL, C1). */
size_t json_step(char out[JSON_STEP_MAX], const char *bytes, size_t length, size_t *taken);

/* Writes `text` in double quotes on one line of printable characters, cut short if it is long. */
void printable_quote(char *quoted, size_t size, const char *text);

#endif
