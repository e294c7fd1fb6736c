/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target shares: the entry point that libFuzzer calls, and checks that end the run. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes one input; always 0. Any byte sequence is an input, the empty one too. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* As assert(), but in every build: a release build checks as much as any. */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                      \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* A copy on the heap of exactly `length` bytes, so that a sanitizer sees every byte read past the end.
 * free() it. */
static inline char *exact_copy(const void *bytes, size_t length)
{
	char *copy = calloc(1, length > 0 ? length : 1);

	CHECK(copy);
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

/* The same with a terminator. What the input has after its first NUL is out of a reader's sight. */
static inline char *terminated_copy(const void *bytes, size_t length)
{
	char *copy = malloc(length + 1);

	CHECK(copy);
	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

#endif
