/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, by read(2). */
#include "exporter/web/config/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The age below which a file is read again the next time. Two writes can have the same stamp: its resolution is at most
 * 10 ms, the kernel's clock tick, on most file systems, and up to two seconds on some. */
#define FRESH_NS UINT64_C(2000000000)

static uint64_t date_ns(void)
{
	struct timespec now = {0, 0};

	return clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0
	               ? 0
	               : (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Returns false for a time in the future, as after the clock was set back. It would be fresh for ever. */
static bool is_fresh(uint64_t written_ns, uint64_t now_ns)
{
	return written_ns <= now_ns && now_ns - written_ns < FRESH_NS;
}

void file_stamp_read(struct file_stamp *stamp, const char *name)
{
	uint64_t now_ns;

	*stamp = (struct file_stamp){.fresh = false};
	if (host_file_facts(name, &stamp->facts) != 0)
		return;
	now_ns = date_ns(); /* not before the facts, which would be those of a write in between */
	stamp->fresh = is_fresh(stamp->facts.changed_ns, now_ns) || is_fresh(stamp->facts.modified_ns, now_ns);
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
	return memcmp(&a->facts, &b->facts, sizeof(a->facts)) == 0; /* without padding: all are uint64_t */
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
		ssize_t got = read(fd, bytes + *length, (unsigned)(room - *length));

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
	uint64_t size;
	int fd = host_file_open_regular(name, &size), err = fd < 0 ? fd : size > limit ? -EFBIG : 0;

	*bytes = NULL;
	if (err == 0) {
		*bytes = malloc(limit + 1);
		err = *bytes != NULL ? read_all(fd, *bytes, limit + 1, length) : -ENOMEM;
	}
	if (fd >= 0)
		close(fd);
	if (err == 0) {
		(*bytes)[*length] = '\0';
		return 0;
	}
	free(*bytes);
	*bytes = NULL;
	return err;
}
