/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, read whole, and whether they have changed since. */
#ifndef EXPORTER_WEB_CONFIG_FILE_H
#define EXPORTER_WEB_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"

/* What tells one version of a file from another. */
struct file_stamp {
	uint64_t device, inode, size, modified_ns, changed_ns;
	bool missing;
	bool fresh; /* it was written just before it was looked at: another write may leave the same stamp */
};

/* Of the file that the name leads to. */
void file_stamp_read(struct file_stamp *stamp, const char *name);
/* Whether both are of the same version, for all that can be told. */
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);
/* Whether the file may be another one than it was. */
bool file_stamp_changed(const struct file_stamp *stamp, const char *name);

/* The bytes, with a terminator that is not counted: free() them. 0, or -errno: -EFBIG over the limit, -EINVAL for
 * what is no regular file. */
int file_read(const char *name, size_t limit, char **bytes, size_t *length) MUST_CHECK;

#endif
