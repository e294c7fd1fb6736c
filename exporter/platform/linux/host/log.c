/* SPDX-License-Identifier: Apache-2.0 */
/* Standard error without blocking. It is not made non-blocking itself: others may share it. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/platform/host.h"

bool host_log_write(const char *line, size_t length)
{
	/* A pipe that can be written to has room for PIPE_BUF bytes, which is a line (pipe(7)); a socket, for more.
	 * With the lock no other thread takes that room. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};
	bool written;

	pthread_mutex_lock(&lock);
	written = poll(&wait, 1, 0) == 1 && (wait.revents & POLLOUT) != 0 &&
	          write(STDERR_FILENO, line, length) == (ssize_t)length;
	pthread_mutex_unlock(&lock);
	return written;
}

/* systemd.exec(5): JOURNAL_STREAM has the device and inode of the stream that it connected to the journal. */
bool host_log_has_priorities(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}
