/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 to UTF-16 and back, for Windows' wide functions. utf16.h has the pure conversion to UTF-8. */
#ifndef EXPORTER_PLATFORM_WINDOWS_WIDE_H
#define EXPORTER_PLATFORM_WINDOWS_WIDE_H

#include <stddef.h>
#include <wchar.h>

/* Copies the text, terminated and cut to `size` (not 0) units. Writes "" if Windows cannot convert it. */
void wide_from_utf8(wchar_t *wide, size_t size, const char *text);

/* Returns a copy in UTF-16, or NULL with errno set: ENOMEM, or EILSEQ if the text is not UTF-8. The caller calls
 * free(). */
wchar_t *wide_copy(const char *text);

/* Returns a copy in UTF-8, or NULL with errno ENOMEM. The caller calls free(). */
char *utf8_copy(const wchar_t *wide);

#endif
