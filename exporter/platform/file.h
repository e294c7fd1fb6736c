/* SPDX-License-Identifier: Apache-2.0 */
/* Files: opens files by names in UTF-8, which the C library of Windows does not accept. */
#ifndef EXPORTER_PLATFORM_FILE_H
#define EXPORTER_PLATFORM_FILE_H

#include <stdio.h>

/* Opens a file, to read its bytes unchanged. Returns NULL with errno set on failure. The caller calls fclose(). */
FILE *host_file_open(const char *name);

#endif
