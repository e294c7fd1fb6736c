/* SPDX-License-Identifier: Apache-2.0 */
/* Windows' error codes, of GetLastError() and WSAGetLastError(), as errno and as text. */
#ifndef EXPORTER_PLATFORM_WINDOWS_WIN32_ERROR_H
#define EXPORTER_PLATFORM_WINDOWS_WIN32_ERROR_H

#include "exporter/platform/platform.h"

/* Returns the negative errno of the code, or -EIO if it has none. Never returns 0, not even for no error. */
int win32_errno(unsigned long code) MUST_CHECK;

/* Sets the error to "`what`: ", Windows' text for the code and its number. Returns win32_errno(). */
int win32_fail(struct platform_error *error, const char *what, unsigned long code) MUST_CHECK;

#endif
