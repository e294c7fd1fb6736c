/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of Windows. Their handles are numbers below 2^31 on every Windows, because 64-bit programs exchange them with
 * 32-bit programs. */
#include "exporter/platform/socket.h"

#include <windows.h>

#include <errno.h>
#include <stdbool.h>

#include "exporter/platform/host.h"
#include "exporter/platform/windows/win32_error.h"

static int last_error(void)
{
	return win32_errno((unsigned long)WSAGetLastError());
}

int host_accept(int listener, struct sockaddr_storage *address, socklen_t *length)
{
	u_long on = 1;
	SOCKET socket;
	int err;

	*length = sizeof(*address);
	socket = accept((SOCKET)listener, (struct sockaddr *)address, length);
	if (socket == INVALID_SOCKET)
		return WSAGetLastError() == WSAECONNRESET ? -ECONNABORTED : last_error();
	if (ioctlsocket(socket, (long)FIONBIO, &on) == 0 &&
	    SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0))
		return (int)socket;
	err = last_error();
	closesocket(socket);
	return err;
}

static ssize_t receive(int socket, void *bytes, size_t size, int flags)
{
	int got = recv((SOCKET)socket, bytes, (int)size, flags);

	return got < 0 ? last_error() : got;
}

ssize_t host_receive(int socket, void *bytes, size_t size)
{
	return receive(socket, bytes, size, 0);
}

ssize_t host_peek(int socket, void *bytes, size_t size)
{
	return receive(socket, bytes, size, MSG_PEEK);
}

ssize_t host_send(int socket, const void *bytes, size_t length)
{
	int sent = send((SOCKET)socket, bytes, (int)length, 0);

	return sent < 0 ? last_error() : sent;
}

int host_end_sending(int socket)
{
	return shutdown((SOCKET)socket, SD_SEND) != 0 ? last_error() : 0;
}

void host_end_both(int socket)
{
	(void)shutdown((SOCKET)socket, SD_BOTH); /* fails if the peer is gone */
}

void host_send_at_once(int socket)
{
	const BOOL on = TRUE;

	(void)setsockopt((SOCKET)socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
}

void host_expect_bytes(int socket, int bytes)
{
	(void)socket; /* Winsock has no SO_RCVLOWAT */
	(void)bytes;
}
