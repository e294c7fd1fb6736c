/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations of the project (not of libraries) that fail when a test says so. The program is linked with
 * --wrap of malloc, calloc and realloc. */
#ifndef TESTS_UNIT_FAILING_MEMORY_H
#define TESTS_UNIT_FAILING_MEMORY_H

#include <stdbool.h>

/* From here on `at` allocations work, and the `count` after them fail. The thread that calls this is the
 * test's own: its allocations always work, and are not counted. */
void memory_fail(int at, int count);
/* Ends that. Whether it came to a failure. */
bool memory_failed(void);

#endif
