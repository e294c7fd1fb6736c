/* SPDX-License-Identifier: Apache-2.0 */
/* Log stream: writes to standard error without blocking. O_NONBLOCK is not set, because other processes can share the
 * stream. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/platform/host.h"

bool host_log_write(const char *line, size_t length)
{
	/* A writable pipe has room for PIPE_BUF bytes, enough for one line (pipe(7)). A writable socket has more. The
	 * lock keeps other threads from using that room. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};
	bool written;

	pthread_mutex_lock(&lock);
	written = poll(&wait, 1, 0) == 1 && (wait.revents & POLLOUT) != 0 &&
	          write(STDERR_FILENO, line, length) == (ssize_t)length;
	pthread_mutex_unlock(&lock);
	return written;
}

/* JOURNAL_STREAM has the device and inode of the stream that systemd connected to the journal (systemd.exec(5)). */
bool host_log_has_priorities(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	char *end;

	if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
		return false;
	device = strtoull(stream, &end, 10);
	if (*end != ':')
		return false;
	inode = strtoull(end + 1, NULL, 10);
	return status.st_dev == device && status.st_ino == inode;
}
