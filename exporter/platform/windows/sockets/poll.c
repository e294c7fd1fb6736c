/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polling by WSAPoll(). WSAPoll() reports POLLHUP as soon as the peer sends no more, whatever was asked for, and
 * reports it again on each call. poll(2) reports POLLIN then, if that was asked for.
 */
#include "exporter/platform/socket.h"

#include <windows.h>

#include <stdbool.h>

#include "exporter/platform/windows/win32_error.h"

/* Time between two attempts to write to a peer that sends no more, because WSAPoll() cannot wait for such a peer. */
enum { RETRY_MS = 20 };

/* WSAPoll() ignores negative numbers. An entry is hidden if its number is the complement of a socket, and -1 if the
 * caller leaves it out. */
static bool is_left_out(const struct pollfd *fd)
{
	return (INT_PTR)fd->fd < 0;
}

static bool is_hidden(const struct pollfd *fd)
{
	return is_left_out(fd) && fd->fd != INVALID_SOCKET;
}

/* Turns the result of WSAPoll() into that of poll(2). Hides an entry whose peer sends no more if it waits to write.
 * Returns true if the entry has a result. */
static bool settle(struct pollfd *fd)
{
	const bool ended = (fd->revents & (POLLHUP | POLLERR | POLLNVAL)) == POLLHUP;

	if (is_left_out(fd)) {
		fd->revents = 0;
	} else if (ended && fd->events != 0) {
		fd->revents = (SHORT)((fd->revents & POLLOUT) | (fd->events & POLLIN));
		if (fd->revents == 0)
			fd->fd = ~fd->fd;
	}
	return fd->revents != 0;
}

/* Returns the number of entries with results, or -errno. */
static int wait_for_results(struct pollfd *fds, size_t count, int ms)
{
	int ready = 0;

	if (WSAPoll(fds, (ULONG)count, ms) == SOCKET_ERROR)
		return win32_errno((unsigned long)WSAGetLastError());
	for (size_t i = 0; i < count; i++)
		ready += settle(&fds[i]);
	return ready;
}

/* Shows the hidden entries, as if they could be written to. Returns their number. */
static int show_hidden(struct pollfd *fds, size_t count)
{
	int shown = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_hidden(&fds[i]))
			continue;
		fds[i].fd = ~fds[i].fd;
		fds[i].revents = POLLOUT;
		shown++;
	}
	return shown;
}

static bool has_hidden(const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_hidden(&fds[i]))
			return true;
	return false;
}

const bool host_poll_ends_early = true;

int host_poll(struct pollfd *fds, size_t count, int ms)
{
	int ready = wait_for_results(fds, count, ms);

	if (ready == 0 && has_hidden(fds, count))
		ready = wait_for_results(fds, count, ms < 0 || ms > RETRY_MS ? RETRY_MS : ms);
	return ready < 0 ? ready : ready + show_hidden(fds, count);
}
