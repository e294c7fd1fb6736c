/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reader of the two exposition formats. It follows the formats' descriptions and shares no code with the
 * writer. A fault ends the program.
 */
#ifndef TESTS_FUZZ_EXPOSITION_CHECK_H
#define TESTS_FUZZ_EXPOSITION_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Checks that the text is valid UTF-8 and that its lines are well-formed. Each family must have one description before
 * its samples, which must be contiguous. Labels must be escaped, not empty and not repeated. No series may occur twice.
 * OpenMetrics must end with "# EOF". Fills in the sums of the families' samples.
 */
struct exposition_sum {
	const char *family; /* name of the samples */
	uint64_t sum;
};
void exposition_check(const char *text, size_t length, bool openmetrics, struct exposition_sum *sums, size_t count);

#endif
