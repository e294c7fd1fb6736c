/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation failures on demand, of the project's own code and not of libraries. The program is linked with --wrap of
 * malloc, calloc and realloc. */
#ifndef TESTS_UNIT_FAILING_MEMORY_H
#define TESTS_UNIT_FAILING_MEMORY_H

#include <stdbool.h>

/* Lets `at` allocations succeed and makes the `count` after them fail. The allocations of the calling thread, which is
 * the test's, always succeed and are not counted. */
void memory_fail(int at, int count);
/* Makes all allocations succeed again. Returns true if any failed. */
bool memory_failed(void);

#endif
