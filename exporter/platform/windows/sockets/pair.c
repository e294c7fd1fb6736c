/* SPDX-License-Identifier: Apache-2.0 */
/* Socket pairs: connections over loopback to a listener that stays. */
#include "exporter/platform/windows/sockets/pair.h"

#include <winsock2.h>

#include <windows.h>

#include <errno.h>
#include <string.h>

#include "exporter/platform/host.h"
#include "exporter/platform/socket.h"
#include "exporter/platform/windows/win32_error.h"

enum {
	/* The listener's address is 127.42.0.1, and the pairs have those from 127.42.0.2 on. */
	LISTENER_NUMBER = 1,
	FIRST_NUMBER = 2,
	/* Addresses that are tried for a pair. One is in use only if 65,533 pairs were made within some minutes. */
	TRIES_MAX = 16,
	/* Connections that are refused for a pair, because other programs made them. */
	STRANGERS_MAX = 64,
};

static SRWLOCK lock = SRWLOCK_INIT; /* guards both fields */
static int listener = -1;
static uint16_t next_number = FIRST_NUMBER; /* of the next pair's address */

static int last_error(void)
{
	return win32_errno((unsigned long)WSAGetLastError());
}

static struct sockaddr_in address_of(uint16_t number, uint16_t port)
{
	const unsigned char bytes[] = {PAIR_NETWORK_0, PAIR_NETWORK_1, (unsigned char)(number >> 8),
	                               (unsigned char)number};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};

	memcpy(&address.sin_addr, bytes, sizeof(bytes));
	return address;
}

/* Returns a blocking socket on the address, or -errno. No other program can share the address. */
static int open_on(const struct sockaddr_in *address)
{
	SOCKET opened = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
	                           WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	const BOOL on = TRUE;
	int err;

	if (opened == INVALID_SOCKET)
		return last_error();
	if (setsockopt(opened, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on)) == 0 &&
	    bind(opened, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return (int)opened;
	err = last_error();
	closesocket(opened);
	return err;
}

static int listen_once(void)
{
	const struct sockaddr_in address = address_of(LISTENER_NUMBER, 0);
	u_long on = 1;
	int opened, err;

	if (listener >= 0)
		return 0;
	opened = open_on(&address);
	if (opened < 0)
		return opened;
	if (listen((SOCKET)opened, SOMAXCONN) == 0 && ioctlsocket((SOCKET)opened, (long)FIONBIO, &on) == 0) {
		listener = opened;
		return 0;
	}
	err = last_error();
	host_close_socket(opened);
	return err;
}

/* Returns a socket on the next address that is free, and the listener's port, or -errno. */
static int open_next(uint16_t port)
{
	int opened = -EADDRINUSE;

	/* bind() fails with WSAEACCES, too, if another socket has the address for itself */
	for (int tries = 0; tries < TRIES_MAX && (opened == -EADDRINUSE || opened == -EACCES); tries++) {
		const struct sockaddr_in address = address_of(next_number, port);

		next_number = next_number == UINT16_MAX ? FIRST_NUMBER : (uint16_t)(next_number + 1);
		opened = open_on(&address);
	}
	return opened;
}

/* Accepts the connection of the address. Refuses those of other programs. Returns the socket or -errno. */
static int accept_from(const struct sockaddr_in *address)
{
	for (int strangers = 0; strangers < STRANGERS_MAX; strangers++) {
		struct sockaddr_storage peer;
		socklen_t length;
		int accepted = host_accept(listener, &peer, &length);
		const struct sockaddr_in *from = (const struct sockaddr_in *)(const void *)&peer;

		if (accepted < 0 && accepted != -ECONNABORTED)
			return accepted;
		if (accepted >= 0 && from->sin_addr.s_addr == address->sin_addr.s_addr &&
		    from->sin_port == address->sin_port)
			return accepted;
		if (accepted >= 0)
			host_close_socket(accepted);
	}
	return -ECONNABORTED;
}

/* Connects ends[0] to the listener, which needs no accept(), and accepts ends[1]. Returns 0 or -errno. */
static int join(int ends[2], const struct sockaddr_in *to)
{
	struct sockaddr_in from;
	int length = sizeof(from);

	ends[1] = -1;
	if (connect((SOCKET)ends[0], (const struct sockaddr *)to, sizeof(*to)) != 0 ||
	    getsockname((SOCKET)ends[0], (struct sockaddr *)&from, &length) != 0)
		return last_error();
	ends[1] = accept_from(&from);
	return ends[1] < 0 ? ends[1] : 0;
}

static int connect_pair(int ends[2])
{
	struct sockaddr_in to;
	int length = sizeof(to), err = listen_once();

	if (err != 0)
		return err;
	if (getsockname((SOCKET)listener, (struct sockaddr *)&to, &length) != 0)
		return last_error();
	ends[0] = open_next(to.sin_port);
	if (ends[0] < 0)
		return ends[0];
	err = join(ends, &to);
	if (err != 0)
		host_close_socket(ends[0]);
	return err;
}

/* Bytes wait in the buffers of both ends. The close of ends[0] resets the connection, which frees its addresses unless
 * ends[0] has ended its stream first. */
static int set_options(const int ends[2], int bytes)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	const int half = bytes / 2;
	u_long on = 1;

	if (bytes > 0) {
		(void)setsockopt((SOCKET)ends[0], SOL_SOCKET, SO_RCVBUF, (const char *)&half, sizeof(half));
		(void)setsockopt((SOCKET)ends[1], SOL_SOCKET, SO_SNDBUF, (const char *)&half, sizeof(half));
	}
	(void)setsockopt((SOCKET)ends[0], SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof(at_once));
	host_send_at_once(ends[0]);
	host_send_at_once(ends[1]);
	return ioctlsocket((SOCKET)ends[0], (long)FIONBIO, &on) == 0 ? 0 : last_error();
}

int host_socket_pair(int ends[2], int bytes)
{
	int err;

	AcquireSRWLockExclusive(&lock);
	err = connect_pair(ends);
	ReleaseSRWLockExclusive(&lock);
	if (err != 0)
		return err;
	err = set_options(ends, bytes);
	if (err != 0) {
		host_close_socket(ends[1]);
		host_close_socket(ends[0]);
	}
	return err;
}
