/* SPDX-License-Identifier: Apache-2.0 */
/* Polling: the system's struct pollfd. host_poll() in socket.h waits. */
#ifndef EXPORTER_PLATFORM_POLL_H
#define EXPORTER_PLATFORM_POLL_H

#ifdef _WIN32
#include <winsock2.h>
typedef SOCKET poll_socket;
#else
#include <poll.h>
typedef int poll_socket;
#endif

/* Returns an entry for host_poll(), which ignores it if `socket` is -1. */
static inline struct pollfd poll_entry(int socket, short events)
{
	return (struct pollfd){(poll_socket)socket, events, 0};
}

#endif
