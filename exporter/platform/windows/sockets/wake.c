/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wake-up of libmicrohttpd's threads: a pair of UDP sockets. The library itself makes a TCP connection, which would be
 * counted as one of the exporter's connections. The linker puts this function in the place of the library's
 * (exporter/CMakeLists.txt).
 */
#include <winsock2.h>

#include <windows.h>

#include <stdbool.h>

/* Opens a socket on a free port of loopback and fills in its address. Returns INVALID_SOCKET on failure. */
static SOCKET open_bound(struct sockaddr_in *address)
{
	SOCKET opened =
	        WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	int length = sizeof(*address);

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (opened == INVALID_SOCKET || (bind(opened, (struct sockaddr *)address, length) == 0 &&
	                                 getsockname(opened, (struct sockaddr *)address, &length) == 0))
		return opened;
	closesocket(opened);
	return INVALID_SOCKET;
}

/* Makes a pair that only exchanges bytes with itself. Returns 0 on failure. */
int __wrap_MHD_W32_socket_pair_(SOCKET sockets[2], int nonblocking);
int __wrap_MHD_W32_socket_pair_(SOCKET sockets[2], int nonblocking)
{
	struct sockaddr_in addresses[2];
	u_long mode = nonblocking != 0;
	bool made = true;

	for (int i = 0; i < 2; i++)
		sockets[i] = open_bound(&addresses[i]);
	for (int i = 0; i < 2; i++)
		made = made && connect(sockets[i], (struct sockaddr *)&addresses[1 - i], sizeof(addresses[i])) == 0 &&
		       ioctlsocket(sockets[i], (long)FIONBIO, &mode) == 0;
	for (int i = 0; i < 2 && !made; i++) {
		if (sockets[i] != INVALID_SOCKET)
			closesocket(sockets[i]);
		sockets[i] = INVALID_SOCKET;
	}
	return made;
}
