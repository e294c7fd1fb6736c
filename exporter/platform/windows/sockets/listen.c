/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of Windows. */
#include "exporter/platform/listen_system.h"

#include <errno.h>
#include <limits.h>

#include "exporter/platform/host.h"
#include "exporter/platform/windows/win32_error.h"

/* SOMAXCONN_HINT(), which mingw lacks (winsock2.h): a size of 200 to 65535. Windows caps a plain number at 200. */
#define SIZE_HINT(size) (-(size))

/* Does not set SO_REUSEADDR, which on Windows lets one program use another's port, or SO_EXCLUSIVEADDRUSE, which keeps
 * a port after the program has ended. Handles are below 2^31 on every Windows, since 64-bit programs exchange them with
 * 32-bit programs. */
int listen_on(const struct sockaddr *address, socklen_t length, const char *what, struct platform_error *error)
{
	SOCKET opened = WSASocketW(address->sa_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
	                           WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	DWORD off = 0;
	u_long on = 1;
	int code;

	if (opened != INVALID_SOCKET && opened <= INT_MAX &&
	    (address->sa_family != AF_INET6 ||
	     setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&off, sizeof(off)) == 0) &&
	    ioctlsocket(opened, (long)FIONBIO, &on) == 0 && bind(opened, address, length) == 0 &&
	    listen(opened, SIZE_HINT(LISTEN_BACKLOG)) == 0)
		return (int)opened;
	code = WSAGetLastError();
	if (opened != INVALID_SOCKET)
		closesocket(opened);
	return win32_fail(error, what, (unsigned long)code);
}

int listen_on_path(const char *path, const char *what, struct platform_error *error)
{
	(void)path;
	platform_error_set(error, "%s: Unix sockets do not work on Windows", what);
	return -ENOTSUP;
}

int listen_unresolved(int failed, const char *what, struct platform_error *error)
{
	return win32_fail(error, what, (unsigned long)failed);
}

unsigned listen_zone_by_name(const char *name)
{
	(void)name;
	return 0; /* zones are numbers on Windows */
}

int host_inherited_sockets(int *sockets, size_t max, struct platform_error *error)
{
	(void)sockets;
	(void)max;
	platform_error_set(error, "only systemd passes sockets to the programs that it starts; on Windows, give "
	                          "--web.listen-address");
	return -ENOTSUP;
}

void host_close_socket(int socket)
{
	closesocket((SOCKET)socket);
}
