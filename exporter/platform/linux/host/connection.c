/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: clients' sockets on Linux. */
#include "exporter/platform/connection.h"

#include <sys/socket.h>

/* The two functions below ignore errors: the peer is gone or does not read. */

void host_connection_send(int socket, const void *bytes, size_t length)
{
	ssize_t sent = send(socket, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)sent;
}

const bool host_connection_end_wakes = true;

void host_connection_end(int socket, bool reset)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shutdown(socket, SHUT_RDWR);
}
