/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of clients, as sockets of Windows. */
#include <winsock2.h>

#include <ws2tcpip.h>

#include "exporter/platform/connection.h"

/* Ignores errors, since the peer may be gone. Accepted sockets do not block. */

void host_connection_send(int socket, const void *bytes, size_t length)
{
	(void)send((SOCKET)socket, bytes, (int)length, 0);
}

const bool host_connection_end_wakes = false; /* poll() is WSAPoll(), which reports the peer's actions alone */

void host_connection_end(int socket, bool reset)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		setsockopt((SOCKET)socket, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof(at_once));
	shutdown((SOCKET)socket, SD_BOTH);
}
