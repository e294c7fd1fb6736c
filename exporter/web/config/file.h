/* SPDX-License-Identifier: Apache-2.0 */
/* Small files: reads a file whole, and detects changes of it. */
#ifndef EXPORTER_WEB_CONFIG_FILE_H
#define EXPORTER_WEB_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "exporter/platform/file.h"

/* A stamp identifies one version of a file. */
struct file_stamp {
	struct file_facts facts; /* all zeros: the file is missing */
	bool fresh;              /* it was written just before the stamp: another write may leave the same stamp */
};

/* Fills the stamp of the file behind the name. */
void file_stamp_read(struct file_stamp *stamp, const char *name);
/* Returns true if both are stamps of the same version, as far as stamps show. */
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);
/* Returns true if the file may have changed since the stamp. */
bool file_stamp_changed(const struct file_stamp *stamp, const char *name);

/* Reads the bytes, with a terminator that the length does not count. The caller frees them. Returns 0, or -errno:
 * -EFBIG over the limit, -EINVAL for anything but a regular file. */
int file_read(const char *name, size_t limit, char **bytes, size_t *length) MUST_CHECK;

#endif
