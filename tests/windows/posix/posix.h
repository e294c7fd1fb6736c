/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX and C11 functions that the tests use and mingw-w64 lacks. Included before every test for Windows. */
#ifndef TESTS_WINDOWS_POSIX_H
#define TESTS_WINDOWS_POSIX_H

#include <stddef.h>
#include <time.h>

#ifndef TIME_UTC
#define TIME_UTC 1
int timespec_get(struct timespec *time, int base);
#endif
time_t timegm(struct tm *date);
void *memmem(const void *bytes, size_t length, const void *wanted, size_t wanted_length);
int pipe(int ends[2]);

#endif
