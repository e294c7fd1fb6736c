/* SPDX-License-Identifier: Apache-2.0 */
/* File reader: reads small files whole, and detects later changes by their stamps. */
#ifndef EXPORTER_WEB_CONFIG_FILE_H
#define EXPORTER_WEB_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/compiler.h"

/* Identity of one version of a file. */
struct file_stamp {
	uint64_t device, inode, size, modified_ns, changed_ns;
	bool missing;
	bool fresh; /* written just before stat(2): another write could leave the same stamp */
};

/* Fills the stamp of the file `name`, after symbolic links. */
void file_stamp_read(struct file_stamp *stamp, const char *name);
/* Returns true if the stamps are equal; `fresh` is not compared. */
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);
/* Returns true if the file has, or could have, changed since the stamp. */
bool file_stamp_changed(const struct file_stamp *stamp, const char *name);

/* Reads the file. The caller frees the bytes, which end with a NUL that is not counted. Returns 0 or -errno: -EFBIG for
 * more than `limit` bytes, -EINVAL if it is not a regular file. */
int file_read(const char *name, size_t limit, char **bytes, size_t *length) MUST_CHECK;

#endif
