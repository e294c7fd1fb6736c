/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: opens sockets on the addresses of listen_address.h. */
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exporter/platform/host.h"
#include "exporter/platform/listen_address.h"

/* Size of the accept queue: large enough that a burst of other clients does not drop a scraper's SYN. The kernel caps
 * it at net.core.somaxconn. */
enum { LISTEN_BACKLOG = 1024 };

/* Returns a listening socket, or -errno. The IPv6 wildcard (":port", "[::]:port") accepts IPv4 too, as in other
 * exporters. */
static int listen_on(const struct sockaddr *address, socklen_t length)
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

/* Listens on both families with one socket, or on IPv4 alone if the host has no IPv6. */
static int listen_everywhere(uint16_t port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_ANY)}};
	int fd = listen_on((const struct sockaddr *)&v6, sizeof(v6));

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = listen_on((const struct sockaddr *)&v4, sizeof(v4));
	return fd;
}

/* Listens on the first usable address of a host name. */
static int listen_by_name(const struct listen_address *parts, unsigned zone, const char **reason)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int fd = -EADDRNOTAVAIL, failed = getaddrinfo(parts->host, parts->port, &hints, &list);

	if (failed != 0) {
		fd = failed == EAI_SYSTEM ? -errno : failed == EAI_MEMORY ? -ENOMEM : -EADDRNOTAVAIL;
		*reason = failed == EAI_SYSTEM ? NULL : gai_strerror(failed);
		return fd;
	}
	for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next) {
		if (info->ai_family == AF_INET6)
			((struct sockaddr_in6 *)(void *)info->ai_addr)->sin6_scope_id = zone;
		fd = listen_on(info->ai_addr, info->ai_addrlen);
	}
	freeaddrinfo(list);
	return fd;
}

/* Returns the zone's number, or 0 without a zone or interface. getaddrinfo() resolves zones of link-local addresses
 * only.
 */
static unsigned zone_number(const struct listen_address *parts)
{
	const unsigned number = if_nametoindex(parts->zone);

	return number > 0 ? number : (unsigned)strtoul(parts->zone, NULL, 10);
}

/* Listens on every address, or on the address of a host. */
static int listen_tcp(const struct listen_address *parts, const char **reason)
{
	const struct servent *service = parts->port_is_name ? getservbyname(parts->port, "tcp") : NULL;
	const unsigned zone = zone_number(parts);

	if (parts->zone[0] != '\0' && zone == 0) {
		*reason = "there is no such interface";
		return -EADDRNOTAVAIL;
	}
	if (parts->host[0] != '\0')
		return listen_by_name(parts, zone, reason);
	if (parts->port_is_name && service == NULL) {
		*reason = "there is no such service";
		return -EADDRNOTAVAIL;
	}
	return listen_everywhere(service != NULL ? ntohs((uint16_t)service->s_port) : parts->port_number);
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

/* Listens on a Unix socket, and replaces a stale one, but no file of another kind. The exporter does not remove its
 * file at the end, because it can lack the privilege then. */
static int listen_local(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = listen_on((const struct sockaddr *)&address, sizeof(address));
	if (fd == -EADDRINUSE && is_socket_file(path) && is_stale(&address) && unlink(path) == 0)
		fd = listen_on((const struct sockaddr *)&address, sizeof(address));
	return fd;
}

void host_socket_address(int socket, char *text, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char host[HOST_ADDRESS_MAX], port[LISTEN_PORT_MAX];

	text[0] = '\0';
	if (getsockname(socket, (struct sockaddr *)&address, &length) != 0)
		return;
	if (address.ss_family == AF_UNIX)
		snprintf(text, size, "unix:%s", ((const struct sockaddr_un *)(const void *)&address)->sun_path);
	else if (getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
	                     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int host_listen(const char *address, struct platform_error *error)
{
	struct listen_address parts;
	const char *reason = NULL;
	int fd;

	if (!listen_address_parse(&parts, address)) {
		platform_error_set(error, "cannot listen on \"%s\": not of the form [host]:port or unix:/path",
		                   address);
		return -EINVAL;
	}
	fd = parts.path[0] != '\0' ? listen_local(parts.path) : listen_tcp(&parts, &reason);
	if (fd < 0)
		platform_error_set(error, "cannot listen on \"%s\": %s", address,
		                   reason != NULL ? reason : strerror(-fd));
	return fd;
}

void host_close_socket(int socket)
{
	close(socket);
}
