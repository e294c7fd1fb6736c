/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags: checks of paths. */
#include "exporter/cli/option_values.h"

#include <string.h>

bool value_url_path(const char *text)
{
	if (text[0] != '/')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("?#%\"<>\\", *text) != NULL)
			return false;
	return true;
}
