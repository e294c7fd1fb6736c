/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX functions for the tests on Windows. Sockets work before main(), because the tests do not call WSAStartup(). */
#include "posix.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#undef setsockopt

__attribute__((constructor)) static void start_sockets(void)
{
	WSADATA data;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		abort();
}

int posix_set_option(int socket, int level, int name, const void *value, int size)
{
	const struct timeval *time = value;
	DWORD ms;

	if (level != SOL_SOCKET || name != SO_RCVTIMEO)
		return setsockopt((SOCKET)socket, level, name, value, size);
	ms = (DWORD)(time->tv_sec * 1000 + time->tv_usec / 1000);
	return setsockopt((SOCKET)socket, level, name, (const char *)&ms, sizeof(ms));
}

int timespec_get(struct timespec *time, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

time_t timegm(struct tm *date)
{
	return _mkgmtime(date);
}

void *memmem(const void *bytes, size_t length, const void *wanted, size_t wanted_length)
{
	for (const char *at = bytes; length >= wanted_length; at++, length--)
		if (memcmp(at, wanted, wanted_length) == 0)
			return (void *)(uintptr_t)at;
	return NULL;
}

int pipe(int ends[2])
{
	return _pipe(ends, 64 * 1024, _O_BINARY);
}
