/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets from addresses in the form that users write. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/platform/host.h"

enum {
	/* Connections that wait for accept(): more than a monitoring system opens at once; the kernel
	 * cuts it to net.core.somaxconn. */
	LISTEN_BACKLOG = 128,
	/* The longest name in the DNS (RFC 1035, 2.3.4), and the terminator. */
	HOST_TEXT_MAX = 256,
	PORT_TEXT_MAX = sizeof("65535"),
};

/* "host:port" taken apart; the host is empty for both wildcards. */
struct address_parts {
	char host[HOST_TEXT_MAX];
	char port[PORT_TEXT_MAX];
	uint16_t port_number;
};

static bool parse_port(const char *text, struct address_parts *parts)
{
	size_t length = strspn(text, "0123456789");
	unsigned long number;

	if (length == 0 || text[length] != '\0' || length >= sizeof(parts->port))
		return false;
	number = strtoul(text, NULL, 10);
	if (number > UINT16_MAX)
		return false;
	memcpy(parts->port, text, length + 1);
	parts->port_number = (uint16_t)number;
	return true;
}

static bool parse_host(const char *text, size_t length, struct address_parts *parts)
{
	if (length > 0 && text[0] == '[') {
		if (length < 4 || text[length - 1] != ']') /* the shortest is "[::]" */
			return false;
		text++;
		length -= 2;
		if (memchr(text, ':', length) == NULL)
			return false;
	} else if (memchr(text, ':', length) != NULL) {
		return false; /* an IPv6 address without brackets: which colon ends it? */
	}
	if (length >= sizeof(parts->host) || memchr(text, '[', length) != NULL || memchr(text, ']', length) != NULL)
		return false;
	memcpy(parts->host, text, length);
	parts->host[length] = '\0';
	return true;
}

static bool parse_address(const char *address, struct address_parts *parts)
{
	const char *colon = strrchr(address, ':');

	return colon != NULL && parse_host(address, (size_t)(colon - address), parts) && parse_port(colon + 1, parts);
}

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
static int listen_by_name(const struct address_parts *parts, const char **reason)
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

bool host_address_valid(const char *address)
{
	struct address_parts parts;

	return parse_address(address, &parts);
}

void host_socket_address(int socket, char *text, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char host[HOST_ADDRESS_MAX], port[PORT_TEXT_MAX];

	if (getsockname(socket, (struct sockaddr *)&address, &length) != 0 ||
	    getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
	    snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port) < 0)
		text[0] = '\0';
}

int host_listen(const char *address, struct platform_error *error)
{
	struct address_parts parts;
	const char *reason = NULL;
	int fd;

	if (!parse_address(address, &parts)) {
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
