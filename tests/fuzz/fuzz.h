/* SPDX-License-Identifier: Apache-2.0 */
/* Common part of the fuzz targets: the entry point that libFuzzer calls, and checks that end the run. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs the target on one input, which can be any bytes, also none. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Checks a condition as assert() does, but also in release builds. */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                      \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* Returns a heap copy of exactly `length` bytes, so that a sanitizer sees every byte read past the end. The caller
 * frees it. */
static inline char *exact_copy(const void *bytes, size_t length)
{
	char *copy = calloc(1, length > 0 ? length : 1);

	CHECK(copy);
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

/* Returns the same copy with a terminator. A reader does not see bytes after the first NUL of the input. */
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
