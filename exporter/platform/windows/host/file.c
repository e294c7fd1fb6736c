/* SPDX-License-Identifier: Apache-2.0 */
/* Files of Windows, whose names are UTF-16. */
#include "exporter/platform/file.h"

#include <stdlib.h>

#include "exporter/platform/windows/wide.h"

FILE *host_file_open(const char *name)
{
	wchar_t *wide = wide_copy(name);
	FILE *file = wide != NULL ? _wfopen(wide, L"rb") : NULL;

	free(wide); /* leaves errno as it is */
	return file;
}
