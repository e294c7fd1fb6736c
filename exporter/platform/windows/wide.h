/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 to UTF-16, for Windows' wide functions. utf16.h converts back. */
#ifndef EXPORTER_PLATFORM_WINDOWS_WIDE_H
#define EXPORTER_PLATFORM_WINDOWS_WIDE_H

#include <stddef.h>
#include <wchar.h>

/* Copies the text, terminated and cut to `size` (not 0) units. Writes "" if Windows cannot convert it. */
void wide_from_utf8(wchar_t *wide, size_t size, const char *text);

#endif
