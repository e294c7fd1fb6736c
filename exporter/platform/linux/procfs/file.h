/* SPDX-License-Identifier: Apache-2.0 */
/* Procfs files: reads directories by getdents64(2), whole files and links, into buffers of the caller. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_FILE_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"

/* Opens the directory where procfs is mounted. Returns the descriptor, or -errno with *error filled: -ENOENT if the
 * directory is not a procfs. Its missing processes would make every socket look unheld. */
int procfs_open_root(const char *path, struct platform_error *error) MUST_CHECK;

/* Room for about a thousand entries per system call. A larger buffer is not faster. */
#define DIRENTS_SIZE (32 * 1024)

struct dirents {
	int fd;
	size_t at, length; /* in buffer */
	_Alignas(8) char buffer[DIRENTS_SIZE];
};

/* Starts with an open directory, which the caller owns. */
void dirents_begin(struct dirents *dirents, int fd);
/* Finds the next name, except "." and "..". Returns 1, 0 at the end, or -errno. */
int dirents_next(struct dirents *dirents, const char **name) MUST_CHECK;

/* Finds a thread, other than the main thread `pid`, of the process whose procfs directory is `process`. Returns 0,
 * -ESRCH if it has no other thread, or -errno. */
int procfs_other_thread(int process, uint32_t pid, uint32_t *tid) MUST_CHECK;

/* Reads at most `size` bytes of a file, in one call: procfs returns the whole file if it fits. Returns the length,
 * or -errno. */
long read_file_at(int dir, const char *path, char *bytes, size_t size) MUST_CHECK;

/* Reads a symbolic link. Returns the length, or -errno: -ENAMETOOLONG if it does not fit. */
long read_link_at(int dir, const char *path, char *bytes, size_t size) MUST_CHECK;

/* Returns true if an error means that the process has ended. */
bool is_gone(long result);
/* Returns true if an error means that the exporter lacks permission. */
bool is_denied(long result);

#endif
