/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, by stat(2) and read(2). */
#include "exporter/web/config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The age below which a file is read again the next time. Two writes can have the same stamp: its resolution is at most
 * 10 ms, the kernel's clock tick, on most file systems, and up to two seconds on some. */
#define FRESH_NS UINT64_C(2000000000)

static uint64_t in_ns(struct timespec time)
{
	return time.tv_sec < 0 ? 0 : (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

void file_stamp_read(struct file_stamp *stamp, const char *name)
{
	struct timespec now = {0, 0};
	struct stat status;

	*stamp = (struct file_stamp){.missing = true};
	if (stat(name, &status) != 0)
		return;
	*stamp = (struct file_stamp){
	        .device = (uint64_t)status.st_dev,
	        .inode = (uint64_t)status.st_ino,
	        .size = (uint64_t)status.st_size,
	        .modified_ns = in_ns(status.st_mtim),
	        .changed_ns = in_ns(status.st_ctim),
	};
	/* a change time in the future, as after the clock was set back, does not make the file fresh for ever */
	stamp->fresh = clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	               (stamp->changed_ns <= in_ns(now) && in_ns(now) - stamp->changed_ns < FRESH_NS);
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->missing == b->missing && a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

bool file_stamp_changed(const struct file_stamp *stamp, const char *name)
{
	struct file_stamp now;

	if (stamp->fresh)
		return true;
	file_stamp_read(&now, name);
	return !file_stamp_same(&now, stamp);
}

/* Reads until the end, or one byte over the limit. */
static int read_all(int fd, char *bytes, size_t room, size_t *length)
{
	*length = 0;
	while (*length < room) {
		ssize_t got = read(fd, bytes + *length, room - *length);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return 0;
		if (got > 0)
			*length += (size_t)got;
	}
	return -EFBIG;
}

int file_read(const char *name, size_t limit, char **bytes, size_t *length)
{
	/* a FIFO would keep the exporter waiting for its writer */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	struct stat status;

	*bytes = NULL;
	if (fd < 0)
		return -errno;
	err = fstat(fd, &status) != 0 ? -errno : 0;
	if (err == 0 && !S_ISREG(status.st_mode))
		err = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (err == 0 && (uint64_t)status.st_size > limit)
		err = -EFBIG;
	if (err == 0) {
		*bytes = malloc(limit + 1);
		err = *bytes != NULL ? read_all(fd, *bytes, limit + 1, length) : -ENOMEM;
	}
	close(fd);
	if (err == 0) {
		(*bytes)[*length] = '\0';
		return 0;
	}
	free(*bytes);
	*bytes = NULL;
	return err;
}
