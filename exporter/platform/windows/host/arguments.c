/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments: splits the wide command line by CommandLineToArgvW(). */
#include "exporter/platform/windows/host/arguments.h"

#include <windows.h>

#include <shellapi.h>
#include <stdlib.h>

#include "exporter/platform/windows/wide.h"

bool arguments_fetch(int *argc, char ***argv)
{
	int count = 0;
	wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
	char **arguments = calloc((size_t)count + 1, sizeof(*arguments)); /* ends with NULL, as those of main() */
	bool converted = wide != NULL && arguments != NULL;

	for (int i = 0; i < count && converted; i++) {
		arguments[i] = utf8_copy(wide[i]);
		converted = arguments[i] != NULL;
	}
	LocalFree(wide);
	*argc = count;
	*argv = arguments;
	return converted;
}
