/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of the two exposition formats that forgives nothing. It shares no code with the writer: it
 * was made from the formats' descriptions. What is wrong ends the program.
 */
#ifndef TESTS_FUZZ_EXPOSITION_CHECK_H
#define TESTS_FUZZ_EXPOSITION_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Checks that the text is valid UTF-8 of well-formed lines; that each family is described once, before
 * its samples, and has them in one piece; that labels are escaped, not empty and not repeated; that
 * no series comes twice; and in OpenMetrics that "# EOF" and nothing else is the end.
 * Fills in the sums of the families' samples.
 */
struct exposition_sum {
	const char *family; /* as the samples are called */
	uint64_t sum;
};
void exposition_check(const char *text, size_t length, bool openmetrics, struct exposition_sum *sums, size_t count);

#endif
