/* SPDX-License-Identifier: Apache-2.0 */
/* Files: opens files by names in UTF-8, which the C library of Windows does not accept. */
#ifndef EXPORTER_PLATFORM_FILE_H
#define EXPORTER_PLATFORM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "exporter/platform/platform.h"

/* Opens a file, to read its bytes unchanged. Returns NULL with errno set on failure. The caller calls fclose(). */
FILE *host_file_open(const char *name);

/* Facts that change with a file's contents, or with the file behind a name. Times are nanoseconds since 1970. */
struct file_facts {
	uint64_t device, inode, size, modified_ns, changed_ns;
};

/* Reads the facts of the file behind the name. Returns 0 or -errno. */
int host_file_facts(const char *name, struct file_facts *facts) MUST_CHECK;

/* Opens a regular file to read its bytes by read(), while other programs may write, rename and delete it. Returns its
 * descriptor and fills its size, or returns -errno: -EISDIR for a folder, -EINVAL for a file of another kind. */
int host_file_open_regular(const char *name, uint64_t *size) MUST_CHECK;

/* Returns the number of bytes of the folder in a name, with the separator at its end. */
size_t host_file_folder(const char *name);
/* Returns true if the name does not depend on a current folder. */
bool host_file_is_absolute(const char *name);

#endif
