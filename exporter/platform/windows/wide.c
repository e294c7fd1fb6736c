/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 to UTF-16, converted by Windows, and copies in either. */
#include "exporter/platform/windows/wide.h"

#include <windows.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/windows/utf16.h"

void wide_from_utf8(wchar_t *wide, size_t size, const char *text)
{
	/* A unit of UTF-16 comes from one byte or more, so these bytes fit. */
	size_t bytes = strlen(text) < size - 1 ? strlen(text) : size - 1;
	int length = bytes > 0 ? MultiByteToWideChar(CP_UTF8, 0, text, (int)bytes, wide, (int)size - 1) : 0;

	wide[length] = L'\0';
}

wchar_t *wide_copy(const char *text)
{
	const size_t size = strlen(text) + 1; /* enough, since a unit comes from one byte or more */
	wchar_t *wide = size <= INT32_MAX ? malloc(size * sizeof(*wide)) : NULL;

	if (wide == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int)size, wide, (int)size) > 0)
		return wide;
	free(wide);
	errno = EILSEQ;
	return NULL;
}

char *utf8_copy(const wchar_t *wide)
{
	const size_t units = wcslen(wide);
	char *text = malloc(UTF16_AS_UTF8_MAX(units) + 1);

	if (text != NULL)
		text[utf16_to_utf8(text, (const uint16_t *)wide, units)] = '\0';
	return text;
}
