/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets from addresses in the form that users write. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/platform/host.h"
#include "exporter/platform/listen_address.h"

/* Connections that wait for accept(): so many that a burst from others does not cost a scraper its SYN; the kernel cuts
 * it to net.core.somaxconn. */
enum { LISTEN_BACKLOG = 1024 };

/* A listening socket, or -errno. The IPv6 wildcard takes IPv4 too, written ":port" or "[::]:port",
 * as users of other exporters expect. */
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

/* Both families on one socket; IPv4 alone where the host has no IPv6. */
static int listen_everywhere(uint16_t port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_ANY)}};
	int fd = listen_on((const struct sockaddr *)&v6, sizeof(v6));

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = listen_on((const struct sockaddr *)&v4, sizeof(v4));
	return fd;
}

/* The first of the name's addresses that can be listened on. */
static int listen_by_name(const struct listen_address *parts, const char **reason)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int fd = -EADDRNOTAVAIL, failed = getaddrinfo(parts->host, parts->port, &hints, &list);

	if (failed != 0) {
		fd = failed == EAI_SYSTEM ? -errno : failed == EAI_MEMORY ? -ENOMEM : -EADDRNOTAVAIL;
		*reason = failed == EAI_SYSTEM ? NULL : gai_strerror(failed);
		return fd;
	}
	for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next)
		fd = listen_on(info->ai_addr, info->ai_addrlen);
	freeaddrinfo(list);
	return fd;
}

void host_socket_address(int socket, char *text, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char host[HOST_ADDRESS_MAX], port[LISTEN_PORT_MAX];

	if (getsockname(socket, (struct sockaddr *)&address, &length) != 0 ||
	    getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
	    snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port) < 0)
		text[0] = '\0';
}

int host_listen(const char *address, struct platform_error *error)
{
	struct listen_address parts;
	const char *reason = NULL;
	int fd;

	if (!listen_address_parse(&parts, address)) {
		platform_error_set(error, "cannot listen on \"%s\": not of the form [host]:port", address);
		return -EINVAL;
	}
	if (parts.host[0] == '\0')
		fd = listen_everywhere(parts.port_number);
	else
		fd = listen_by_name(&parts, &reason);
	if (fd < 0)
		platform_error_set(error, "cannot listen on \"%s\": %s", address,
		                   reason != NULL ? reason : strerror(-fd));
	return fd;
}

void host_close_socket(int socket)
{
	close(socket);
}
