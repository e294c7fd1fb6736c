/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out on demand. The linker sends the program's own malloc, calloc and realloc here, and
 * the library calls that allocate for it: fopen, opendir and deflateInit2. Needs --wrap for each.
 */
#ifndef TESTS_CONTRACT_FAULTS_H
#define TESTS_CONTRACT_FAULTS_H

#include <stdbool.h>

/* Whether the calling thread's own allocations always work and are not counted. */
void faults_spare_this_thread(bool spare);

/* Makes allocation number `first` from now on fail (from 1), and the `count` - 1 after it. */
void faults_arm(unsigned first, unsigned count);

/* Everything works again. Whether any allocation failed since faults_arm(). */
bool faults_disarm(void);

#endif
