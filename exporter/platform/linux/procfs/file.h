/* SPDX-License-Identifier: Apache-2.0 */
/* Reading procfs: directories by getdents64(2) and whole files, into buffers that are kept. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_FILE_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"

/* Opens where procfs is mounted. The directory, or -errno with *error filled: -ENOENT if it is no procfs, whose lack of
 * processes would be taken for sockets that nobody holds. */
int procfs_open_root(const char *path, struct platform_error *error) MUST_CHECK;

/* Room for about a thousand entries a system call; more does not make it faster. */
#define DIRENTS_SIZE (32 * 1024)

struct dirents {
	int fd;
	size_t at, length; /* in buffer */
	_Alignas(8) char buffer[DIRENTS_SIZE];
};

/* Starts over with an open directory, which stays the caller's. */
void dirents_begin(struct dirents *dirents, int fd);
/* The next name; "." and ".." are left out. 1, 0 at the end, or -errno. */
int dirents_next(struct dirents *dirents, const char **name) MUST_CHECK;

/* A thread of the process behind a directory of procfs, other than its main one, `pid`. 0, -ESRCH if it has none, or
 * -errno. */
int procfs_other_thread(int process, uint32_t pid, uint32_t *tid) MUST_CHECK;

/* Reads a file up to `size` bytes, in one go: procfs gives all there is, or as much as there is room for.
 * The length, or -errno. */
long read_file_at(int dir, const char *path, char *bytes, size_t size) MUST_CHECK;

/* Reads a symbolic link. The length, or -errno; -ENAMETOOLONG if it does not fit. */
long read_link_at(int dir, const char *path, char *bytes, size_t size) MUST_CHECK;

/* Whether an error only says that the process is no more. */
bool is_gone(long result);
/* Whether it says that we may not look. */
bool is_denied(long result);

#endif
