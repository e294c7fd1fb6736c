/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 to UTF-16, converted by Windows. */
#include "exporter/platform/windows/wide.h"

#include <windows.h>

#include <string.h>

void wide_from_utf8(wchar_t *wide, size_t size, const char *text)
{
	/* A unit of UTF-16 comes from one byte or more, so these bytes fit. */
	size_t bytes = strlen(text) < size - 1 ? strlen(text) : size - 1;
	int length = bytes > 0 ? MultiByteToWideChar(CP_UTF8, 0, text, (int)bytes, wide, (int)size - 1) : 0;

	wide[length] = L'\0';
}
