/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation failures on demand. The linker redirects the program's malloc, calloc and realloc to this module, and the
 * library calls that allocate for it: fopen, opendir and deflateInit2. Each function needs --wrap.
 */
#ifndef TESTS_CONTRACT_FAULTS_H
#define TESTS_CONTRACT_FAULTS_H

#include <stdbool.h>

/* With `spare`, the allocations of the calling thread always succeed and are not counted. */
void faults_spare_this_thread(bool spare);

/* Makes allocation number `first` (from 1) and the `count` - 1 after it fail. */
void faults_arm(unsigned first, unsigned count);

/* Makes every allocation succeed again. Returns true if any failed since faults_arm(). */
bool faults_disarm(void);

#endif
