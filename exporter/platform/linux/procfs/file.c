/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories of procfs. */
#include "exporter/platform/linux/procfs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exporter/platform/linux/procfs/parse.h"

/* An entry of getdents64(2). Not every C library declares it, or the call. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* The size of a thread's entry, at most: a name of ten digits and a NUL, in multiples of 8 bytes. */
#define THREAD_ENTRY_SIZE 32

static long get_entries(int fd, char *buffer, size_t size)
{
	return syscall(SYS_getdents64, fd, buffer, size);
}

static const struct entry *entry_at(const char *buffer, size_t at)
{
	return (const struct entry *)(const void *)(buffer + at);
}

int procfs_open_root(const char *path, struct platform_error *error)
{
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (root < 0) {
		err = -errno;
		platform_error_set(error, "cannot open \"%s\": %s", path, strerror(-err));
		return err;
	}
	/* Only procfs has this file, since Linux 3.17, even a procfs that does not show this process. */
	if (faccessat(root, "thread-self", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return root;
	platform_error_set(error, "\"%s\" is not a procfs", path);
	close(root);
	return -ENOENT;
}

void dirents_begin(struct dirents *dirents, int fd)
{
	dirents->fd = fd;
	dirents->at = 0;
	dirents->length = 0;
}

static int refill(struct dirents *dirents)
{
	long length = get_entries(dirents->fd, dirents->buffer, sizeof(dirents->buffer));

	if (length <= 0)
		return length < 0 ? -errno : 0;
	dirents->at = 0;
	dirents->length = (size_t)length;
	return 1;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

int dirents_next(struct dirents *dirents, const char **name)
{
	const struct entry *entry;

	do {
		if (dirents->at == dirents->length) {
			int result = refill(dirents);

			if (result <= 0)
				return result;
		}
		entry = entry_at(dirents->buffer, dirents->at);
		dirents->at += entry->size;
	} while (is_dot(entry->name));
	*name = entry->name;
	return 1;
}

int procfs_other_thread(int process, uint32_t pid, uint32_t *tid)
{
	/* Room for ".", "..", the main thread and the next: proc_task_readdir() lists them in this order. */
	_Alignas(8) char buffer[4 * THREAD_ENTRY_SIZE];
	int tasks = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long length;
	int result = -ESRCH;

	if (tasks < 0)
		return -errno;
	length = get_entries(tasks, buffer, sizeof(buffer));
	if (length < 0)
		result = -errno;
	close(tasks);
	for (long at = 0; at < length && result == -ESRCH;) {
		const struct entry *entry = entry_at(buffer, (size_t)at);

		if (parse_pid(entry->name, tid) && *tid != pid)
			result = 0;
		at += entry->size;
	}
	return result;
}

long read_file_at(int dir, const char *path, char *bytes, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	do {
		length = read(fd, bytes, size);
	} while (length < 0 && errno == EINTR);
	length = length < 0 ? -errno : length;
	close(fd);
	return length;
}

long read_link_at(int dir, const char *path, char *bytes, size_t size)
{
	ssize_t length = readlinkat(dir, path, bytes, size);

	if (length < 0)
		return -errno;
	return (size_t)length < size ? length : -ENAMETOOLONG;
}

bool is_gone(long result)
{
	return result == -ENOENT || result == -ESRCH;
}

bool is_denied(long result)
{
	return result == -EACCES || result == -EPERM;
}
