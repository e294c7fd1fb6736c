/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, opened from the addresses of --web.listen-address. */
#include <winsock2.h>

#include <windows.h>
#include <ws2tcpip.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "exporter/platform/host.h"
#include "exporter/platform/listen_address.h"
#include "exporter/platform/windows/win32_error.h"

/* SOMAXCONN_HINT(), which mingw lacks (winsock2.h): a size of 200 to 65535. Windows caps a plain number at 200. */
#define SIZE_HINT(size) (-(size))
/* Size of the accept queue: large enough that a burst of other clients does not drop a scraper's SYN. */
enum { LISTEN_BACKLOG = SIZE_HINT(1024) };

/* Returns a socket, or INVALID_SOCKET with *code set. It does not set SO_REUSEADDR, which on Windows lets one program
 * use another's port, or SO_EXCLUSIVEADDRUSE, which keeps a port after the program has ended. */
static SOCKET listen_on(const struct sockaddr *address, int length, int *code)
{
	SOCKET opened = WSASocketW(address->sa_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
	                           WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	DWORD off = 0;
	u_long on = 1;

	if (opened == INVALID_SOCKET) {
		*code = WSAGetLastError();
		return INVALID_SOCKET;
	}
	if ((address->sa_family != AF_INET6 ||
	     setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&off, sizeof(off)) == 0) &&
	    ioctlsocket(opened, (long)FIONBIO, &on) == 0 && bind(opened, address, length) == 0 &&
	    listen(opened, LISTEN_BACKLOG) == 0)
		return opened;
	*code = WSAGetLastError();
	closesocket(opened);
	return INVALID_SOCKET;
}

/* Listens on both families with one socket, or on IPv4 alone if the host has no IPv6. */
static SOCKET listen_everywhere(uint16_t port, int *code)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}; /* all zeros: the wildcard */
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	SOCKET opened = listen_on((const struct sockaddr *)&v6, sizeof(v6), code);

	if (opened == INVALID_SOCKET && (*code == WSAEAFNOSUPPORT || *code == WSAEADDRNOTAVAIL))
		opened = listen_on((const struct sockaddr *)&v4, sizeof(v4), code);
	return opened;
}

/* Returns the port, or 0 for a service that the system does not know. */
static uint16_t port_of(const struct listen_address *parts)
{
	const struct servent *service = parts->port_is_name ? getservbyname(parts->port, "tcp") : NULL;

	return service != NULL ? ntohs((uint16_t)service->s_port) : parts->port_number;
}

/* Listens on the first usable address of the name. */
static SOCKET listen_by_name(const struct listen_address *parts, int *code)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	SOCKET opened = INVALID_SOCKET;

	*code = getaddrinfo(parts->host, parts->port, &hints, &list);
	if (*code != 0)
		return INVALID_SOCKET;
	for (const struct addrinfo *info = list; info != NULL && opened == INVALID_SOCKET; info = info->ai_next)
		opened = listen_on(info->ai_addr, (int)info->ai_addrlen, code);
	freeaddrinfo(list);
	return opened;
}

void host_socket_address(int socket, char *text, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char host[HOST_ADDRESS_MAX], port[LISTEN_PORT_MAX];

	if (getsockname((SOCKET)socket, (struct sockaddr *)&address, &length) != 0 ||
	    getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
	    snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port) < 0)
		text[0] = '\0';
}

int host_listen(const char *address, struct platform_error *error)
{
	struct listen_address parts;
	int code = 0;
	SOCKET opened;
	char what[sizeof(error->text)];

	if (!listen_address_parse(&parts, address)) {
		platform_error_set(error, "cannot listen on \"%s\": not of the form [host]:port", address);
		return -EINVAL;
	}
	if (parts.path[0] != '\0' || parts.zone[0] != '\0') {
		platform_error_set(error, "cannot listen on \"%s\": Unix sockets and zones do not work on Windows",
		                   address);
		return -ENOTSUP;
	}
	if (parts.host[0] == '\0' && parts.port_is_name && port_of(&parts) == 0) {
		platform_error_set(error, "cannot listen on \"%s\": there is no such service", address);
		return -EADDRNOTAVAIL;
	}
	if (parts.host[0] == '\0')
		opened = listen_everywhere(port_of(&parts), &code);
	else
		opened = listen_by_name(&parts, &code);
	/* Handles are below 2^31 on every Windows, since 64-bit programs exchange them with 32-bit programs. */
	if (opened != INVALID_SOCKET && opened <= INT_MAX)
		return (int)opened;
	if (snprintf(what, sizeof(what), "cannot listen on \"%s\"", address) < 0)
		what[0] = '\0';
	return win32_fail(error, what, (unsigned long)code);
}

int host_inherited_sockets(int *sockets, size_t max, struct platform_error *error)
{
	(void)sockets;
	(void)max;
	platform_error_set(error, "only systemd passes sockets to the programs that it starts; on Windows, give "
	                          "--web.listen-address");
	return -ENOTSUP;
}

bool host_loop_alive(bool (*take)(void *data, int socket), void *data)
{
	(void)take;
	(void)data;
	return true; /* nobody asks */
}

void host_close_socket(int socket)
{
	closesocket((SOCKET)socket);
}
