/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of Linux, including Unix sockets. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/platform/host.h"
#include "exporter/platform/listen_system.h"

/* Returns a listening socket, or -errno. The kernel caps the size of the accept queue at net.core.somaxconn. */
static int open_listener(const struct sockaddr *address, socklen_t length)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0, err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (address->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
	    bind(fd, address, length) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Sets the error if `opened` is -errno. Returns `opened`. */
static int tell(int opened, const char *what, struct platform_error *error)
{
	if (opened < 0)
		platform_error_set(error, "%s: %s", what, strerror(-opened));
	return opened;
}

int listen_on(const struct sockaddr *address, socklen_t length, const char *what, struct platform_error *error)
{
	return tell(open_listener(address, length), what, error);
}

int listen_unresolved(int failed, const char *what, struct platform_error *error)
{
	if (failed == EAI_SYSTEM || failed == EAI_MEMORY)
		return tell(failed == EAI_SYSTEM ? -errno : -ENOMEM, what, error);
	platform_error_set(error, "%s: %s", what, gai_strerror(failed));
	return -EADDRNOTAVAIL;
}

unsigned listen_zone_by_name(const char *name)
{
	return if_nametoindex(name);
}

/* A link is no socket: connect(2) would follow it, and unlink(2) would not. */
static bool is_socket_file(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0 && S_ISSOCK(stat.st_mode);
}

/* Returns true if no program listens on the socket file: the program that made it has ended. */
static bool is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
	             errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return stale;
}

/* Replaces no file of another kind. The exporter does not remove its file at the end, because it can lack the privilege
 * then. */
int listen_on_path(const char *path, const char *what, struct platform_error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = open_listener((const struct sockaddr *)&address, sizeof(address));
	if (fd == -EADDRINUSE && is_socket_file(path) && is_stale(&address) && unlink(path) == 0)
		fd = open_listener((const struct sockaddr *)&address, sizeof(address));
	return tell(fd, what, error);
}

void host_close_socket(int socket)
{
	close(socket);
}
