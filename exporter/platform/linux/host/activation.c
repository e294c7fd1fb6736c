/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets that systemd passes on (sd_listen_fds(3)): LISTEN_FDS of them from descriptor 3 on, meant for
 * the process LISTEN_PID. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/platform/host.h"
#include "exporter/platform/linux/host/environment.h"

#define FIRST_FD 3

static int int_option(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

/* Returns true for a listening socket of TCP, or a listening stream socket of the Unix domain. */
static bool is_listener(int fd)
{
	int domain = int_option(fd, SO_DOMAIN);
	bool tcp = (domain == AF_INET || domain == AF_INET6) && int_option(fd, SO_PROTOCOL) == IPPROTO_TCP;

	return (tcp || (domain == AF_UNIX && int_option(fd, SO_TYPE) == SOCK_STREAM)) &&
	       int_option(fd, SO_ACCEPTCONN) == 1;
}

static int take(int fd, struct platform_error *error)
{
	int flags;

	if (!is_listener(fd)) {
		platform_error_set(error, "cannot use descriptor %d: not a listening stream socket", fd);
		return -EINVAL;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		platform_error_set(error, "cannot prepare descriptor %d: %s", fd, strerror(errno));
		return -EBADF;
	}
	return 0;
}

int host_inherited_sockets(int *sockets, size_t max, struct platform_error *error)
{
	uint64_t count = environment_number("LISTEN_PID") == (uint64_t)getpid() ? environment_number("LISTEN_FDS") : 0;
	int result = 0;

	if (count == 0) {
		platform_error_set(error,
		                   "cannot use inherited sockets: no sockets were passed (start this program by a "
		                   ".socket unit of systemd, which sets LISTEN_FDS and LISTEN_PID)");
		return -ENOTCONN;
	}
	if (count > max) {
		platform_error_set(error, "cannot use %llu inherited sockets: at most %zu are supported",
		                   (unsigned long long)count, max);
		return -E2BIG;
	}
	for (int i = 0; result == 0 && i < (int)count; i++) {
		sockets[i] = FIRST_FD + i;
		result = take(sockets[i], error);
	}
	return result != 0 ? result : (int)count;
}
