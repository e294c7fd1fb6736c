/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, one character at a time. textbuf_put_utf8() repairs whole texts. */
#ifndef METRICS_UTF8_H
#define METRICS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes (of `length`, which is not 0) the character at `bytes` has; where it is ill-formed,
 * how many its maximal ill-formed subsequence has. */
size_t utf8_sequence(const unsigned char *bytes, size_t length, bool *valid);

#endif
