/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of Linux. A pair is of Unix sockets, which no TCP table shows. */
#include "exporter/platform/socket.h"

#include <errno.h>
#include <netinet/tcp.h>

/* Returns the result or -errno. EINTR becomes EAGAIN, so that the call is repeated after host_poll(). */
static ssize_t result_of(ssize_t result)
{
	if (result >= 0)
		return result;
	return errno == EINTR ? -EAGAIN : -errno;
}

int host_accept(int listener, struct sockaddr_storage *address, socklen_t *length)
{
	int socket;

	*length = sizeof(*address);
	do
		socket = accept4(listener, (struct sockaddr *)address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (socket < 0 && errno == EINTR);
	return socket < 0 ? -errno : socket;
}

int host_socket_pair(int ends[2], int bytes)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return -errno;
	if (bytes > 0)
		(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}

ssize_t host_receive(int socket, void *bytes, size_t size)
{
	return result_of(recv(socket, bytes, size, MSG_DONTWAIT));
}

ssize_t host_peek(int socket, void *bytes, size_t size)
{
	return result_of(recv(socket, bytes, size, MSG_DONTWAIT | MSG_PEEK));
}

ssize_t host_send(int socket, const void *bytes, size_t length)
{
	return result_of(send(socket, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int host_end_sending(int socket)
{
	return shutdown(socket, SHUT_WR) != 0 ? -errno : 0;
}

void host_end_both(int socket)
{
	(void)shutdown(socket, SHUT_RDWR); /* fails if the peer is gone */
}

void host_send_at_once(int socket)
{
	const int on = 1;

	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void host_expect_bytes(int socket, int bytes)
{
	/* if it fails, poll() only returns more often */
	(void)setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

const bool host_poll_ends_early = false;

int host_poll(struct pollfd *fds, size_t count, int ms)
{
	int ready = poll(fds, count, ms);

	return ready < 0 ? -errno : ready;
}
