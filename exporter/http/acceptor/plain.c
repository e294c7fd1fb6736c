/* SPDX-License-Identifier: Apache-2.0 */
/* Plain transport. Its channel is the number of the socket. */
#include "exporter/http/acceptor/plain.h"

#include <stdint.h>

#include "exporter/platform/socket.h"

static int plain_handshake(void *channel, enum tls_error *error)
{
	(void)channel;
	(void)error;
	return 0;
}

static bool plain_is_writing(void *channel)
{
	(void)channel;
	return false;
}

static ssize_t plain_receive(void *channel, void *bytes, size_t size)
{
	return host_receive((int)(intptr_t)channel, bytes, size);
}

static ssize_t plain_send(void *channel, const void *bytes, size_t length)
{
	return host_send((int)(intptr_t)channel, bytes, length);
}

/* Does nothing: the end of the socket ends the stream. */
static int plain_finish(void *channel)
{
	(void)channel;
	return 0;
}

static void plain_free(void *channel)
{
	(void)channel;
}

static const struct transport_ops plain_ops = {
        plain_handshake, plain_is_writing, plain_receive, plain_send, plain_finish, plain_free,
};

struct transport transport_plain(int socket)
{
	return (struct transport){&plain_ops, (void *)(intptr_t)socket};
}
