/* SPDX-License-Identifier: Apache-2.0 */
/* Files of Linux, whose names are bytes. */
#include "exporter/platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

FILE *host_file_open(const char *name)
{
	return fopen(name, "rb");
}

static uint64_t in_ns(struct timespec time)
{
	return time.tv_sec < 0 ? 0 : (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

int host_file_facts(const char *name, struct file_facts *facts)
{
	struct stat status;

	if (stat(name, &status) != 0)
		return -errno;
	*facts = (struct file_facts){
	        .device = (uint64_t)status.st_dev,
	        .inode = (uint64_t)status.st_ino,
	        .size = (uint64_t)status.st_size,
	        .modified_ns = in_ns(status.st_mtim),
	        .changed_ns = in_ns(status.st_ctim),
	};
	return 0;
}

int host_file_open_regular(const char *name, uint64_t *size)
{
	/* a FIFO would keep the exporter waiting for its writer */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	struct stat status;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &status) != 0 ? -errno : 0;
	if (err == 0 && !S_ISREG(status.st_mode))
		err = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (err != 0) {
		close(fd);
		return err;
	}
	*size = (uint64_t)status.st_size;
	return fd;
}

size_t host_file_folder(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash != NULL ? (size_t)(slash - name) + 1 : 0;
}

bool host_file_is_absolute(const char *name)
{
	return name[0] == '/';
}
