/* SPDX-License-Identifier: Apache-2.0 */
/* Polling: the system's struct pollfd. host_poll() in socket.h waits. */
#ifndef EXPORTER_PLATFORM_POLL_H
#define EXPORTER_PLATFORM_POLL_H

#include "exporter/platform/inet.h"

#ifndef _WIN32
#include <poll.h>
#endif

/* Returns an entry for host_poll(), which ignores it if `socket` is -1. */
static inline struct pollfd poll_entry(int socket, short events)
{
	return (struct pollfd){(inet_socket)socket, events, 0};
}

#endif
