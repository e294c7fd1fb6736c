/* SPDX-License-Identifier: Apache-2.0 */
/* Image path: the executable of a process, by its PID. The process is not opened, so that no right on it is needed. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_IMAGE_PATH_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_IMAGE_PATH_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* Windows' longest path, in units. */
#define IMAGE_PATH_MAX 32768

/* Writes the path ("C:\Program Files\x.exe", or "\Device\..." on a volume without a letter). Returns its length in
 * units, at most 0xffff bytes of them, or 0 if Windows does not report it. */
size_t image_path_read(uint32_t pid, wchar_t path[IMAGE_PATH_MAX]);

#endif
