/* SPDX-License-Identifier: Apache-2.0 */
/* Printable text: makes foreign bytes safe for a terminal. The result is valid UTF-8, without characters that move the
 * cursor. */
#ifndef EXPORTER_PRINTABLE_H
#define EXPORTER_PRINTABLE_H

#include <stddef.h>

/* Most bytes that one step writes: "\xNN" for each byte of a character of three bytes. */
enum { PRINTABLE_MAX = 12 };

/*
 * Writes the first character of `bytes` (length > 0) as printable text. A newline becomes "\n". Each byte of a control
 * character (C0, DEL, C1), or of a character that changes the direction or the line of text, becomes "\xNN". Invalid
 * UTF-8 becomes U+FFFD. Returns the number of bytes written, and sets *taken to the number of bytes read.
 */
size_t printable_step(char out[PRINTABLE_MAX], const char *bytes, size_t length, size_t *taken);

/* Most bytes that one step writes: "\\u0000". */
enum { JSON_STEP_MAX = 6 };

/* Does the same for the inside of a JSON string (RFC 8259, 7), which a terminal can show: escapes quotes, backslashes
 * and control characters (C0, DEL, C1). */
size_t json_step(char out[JSON_STEP_MAX], const char *bytes, size_t length, size_t *taken);

/* Writes `text` in double quotes on one line of printable characters, cut to `size`. */
void printable_quote(char *quoted, size_t size, const char *text);

#endif
