/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-16 of Windows' wide functions, converted to UTF-8. Pure. */
#ifndef EXPORTER_PLATFORM_WINDOWS_UTF16_H
#define EXPORTER_PLATFORM_WINDOWS_UTF16_H

#include <stddef.h>
#include <stdint.h>

/* The largest number of bytes of UTF-8 for `units` of UTF-16. */
#define UTF16_AS_UTF8_MAX(units) (3 * (units))

/*
 * Writes `count` units as UTF-8 to `utf8`, which has room for UTF16_AS_UTF8_MAX(count) bytes. A surrogate without its
 * other half, which Windows' names can have, becomes U+FFFD. Returns the number of bytes; writes no terminator.
 */
size_t utf16_to_utf8(char *utf8, const uint16_t *units, size_t count);

/* Returns the number of units before the first zero, at most `size`. */
size_t utf16_length(const uint16_t *units, size_t size);

#endif
