/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: opens sockets on the addresses of listen_address.h. */
#include "exporter/platform/listen_address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "exporter/platform/host.h"
#include "exporter/platform/listen_system.h"

/* Listens on both families with one socket, or on IPv4 alone if the host has no IPv6. */
static int listen_everywhere(uint16_t port, const char *what, struct platform_error *error)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}; /* all zeros: the wildcard */
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int opened = listen_on((const struct sockaddr *)&v6, sizeof(v6), what, error);

	if (opened == -EAFNOSUPPORT || opened == -EADDRNOTAVAIL)
		opened = listen_on((const struct sockaddr *)&v4, sizeof(v4), what, error);
	return opened;
}

/* Listens on the first usable address of a host name. */
static int listen_by_name(const struct listen_address *parts, unsigned zone, const char *what,
                          struct platform_error *error)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int opened = -EADDRNOTAVAIL, failed = getaddrinfo(parts->host, parts->port, &hints, &list);

	if (failed != 0)
		return listen_unresolved(failed, what, error);
	for (const struct addrinfo *info = list; info != NULL && opened < 0; info = info->ai_next) {
		if (info->ai_family == AF_INET6)
			((struct sockaddr_in6 *)(void *)info->ai_addr)->sin6_scope_id = zone;
		opened = listen_on(info->ai_addr, (socklen_t)info->ai_addrlen, what, error);
	}
	freeaddrinfo(list);
	return opened;
}

/* Returns the zone's number, or 0 without a zone or interface. getaddrinfo() resolves zones of link-local addresses
 * only. */
static unsigned zone_number(const struct listen_address *parts)
{
	const unsigned number = listen_zone_by_name(parts->zone);

	return number > 0 ? number : (unsigned)strtoul(parts->zone, NULL, 10);
}

/* Listens on every address, or on the address of a host. */
static int listen_tcp(const struct listen_address *parts, const char *what, struct platform_error *error)
{
	const struct servent *service = parts->port_is_name ? getservbyname(parts->port, "tcp") : NULL;
	const unsigned zone = zone_number(parts);

	if (parts->zone[0] != '\0' && zone == 0) {
		platform_error_set(error, "%s: there is no such interface", what);
		return -EADDRNOTAVAIL;
	}
	if (parts->host[0] != '\0')
		return listen_by_name(parts, zone, what, error);
	if (parts->port_is_name && service == NULL) {
		platform_error_set(error, "%s: there is no such service", what);
		return -EADDRNOTAVAIL;
	}
	return listen_everywhere(service != NULL ? ntohs((uint16_t)service->s_port) : parts->port_number, what, error);
}

int host_listen(const char *address, struct platform_error *error)
{
	char what[sizeof(error->text)];
	struct listen_address parts;

	if (snprintf(what, sizeof(what), "cannot listen on \"%s\"", address) < 0)
		what[0] = '\0';
	if (!listen_address_parse(&parts, address)) {
		platform_error_set(error, "%s: not of the form [host]:port or unix:/path", what);
		return -EINVAL;
	}
	return parts.path[0] != '\0' ? listen_on_path(parts.path, what, error) : listen_tcp(&parts, what, error);
}

void host_socket_address(int socket, char *text, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char host[HOST_ADDRESS_MAX], port[LISTEN_PORT_MAX];
	int written = -1;

	if (getsockname((inet_socket)socket, (struct sockaddr *)&address, &length) == 0 && address.ss_family == AF_UNIX)
		written =
		        snprintf(text, size, "unix:%s", ((const struct sockaddr_un *)(const void *)&address)->sun_path);
	else if (getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
	                     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		written = snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	if (written < 0)
		text[0] = '\0';
}
