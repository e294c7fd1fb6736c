/* SPDX-License-Identifier: Apache-2.0 */
/* Windows' error codes, of GetLastError() and WSAGetLastError(), as errno's and in words. */
#ifndef EXPORTER_PLATFORM_WINDOWS_WIN32_ERROR_H
#define EXPORTER_PLATFORM_WINDOWS_WIN32_ERROR_H

#include "exporter/platform/platform.h"

/* The negative errno that says the same; -EIO for a code that has no equal. Never 0, not even for no error. */
int win32_errno(unsigned long code) MUST_CHECK;

/* Sets the error to "`what`: ", Windows' words for the code and its number; returns win32_errno(). */
int win32_fail(struct platform_error *error, const char *what, unsigned long code) MUST_CHECK;

#endif
