/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-16, as Windows' wide functions speak it, to UTF-8. Pure. */
#ifndef EXPORTER_PLATFORM_WINDOWS_UTF16_H
#define EXPORTER_PLATFORM_WINDOWS_UTF16_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes of UTF-8 that `units` of UTF-16 become. */
#define UTF16_AS_UTF8_MAX(units) (3 * (units))

/*
 * Writes `count` units as UTF-8 to `utf8`, which has room for UTF16_AS_UTF8_MAX(count) bytes; nothing ends
 * it. A surrogate without its other half becomes U+FFFD: Windows' names may have them, UTF-8 cannot. The
 * number of bytes written.
 */
size_t utf16_to_utf8(char *utf8, const uint16_t *units, size_t count);

/* The units before the first zero, `size` at the most. */
size_t utf16_length(const uint16_t *units, size_t size);

#endif
