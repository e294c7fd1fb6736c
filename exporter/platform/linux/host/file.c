/* SPDX-License-Identifier: Apache-2.0 */
/* Files of Linux, whose names are bytes. */
#include "exporter/platform/file.h"

FILE *host_file_open(const char *name)
{
	return fopen(name, "rb");
}
