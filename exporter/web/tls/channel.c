/* SPDX-License-Identifier: Apache-2.0 */
/* TLS transport. It makes the session when the first bytes arrive, so that a silent client costs little. */
#include "exporter/web/tls/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/socket.h"
#include "exporter/web/tls/tls.h"

/* The length of a TLS record's header, which is enough to recognize HTTP. */
enum { HELLO_BYTES = 5 };

struct tls_channel {
	int socket;
	gnutls_session_t session; /* NULL before the first bytes */
	struct web_state *state;
};

static bool looks_like_http(const char head[HELLO_BYTES])
{
	static const char *const methods[] = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (memcmp(head, methods[i], HELLO_BYTES) == 0)
			return true;
	return false;
}

static int refuse_http(const struct tls_channel *channel, enum tls_error *error)
{
	static const char reply[] = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

	(void)host_send(channel->socket, reply, sizeof(reply) - 1); /* it fits in the empty send buffer */
	*error = TLS_ERROR_HTTP;
	return -EPROTO;
}

/* Makes the session after the first bytes, or refuses a client that speaks HTTP. */
static int begin(struct tls_channel *channel, enum tls_error *error)
{
	char head[HELLO_BYTES];
	ssize_t got = host_peek(channel->socket, head, sizeof(head));

	*error = TLS_ERROR_CLOSED;
	if (got < 0)
		return (int)got;
	if (got == 0)
		return -EPIPE;
	host_expect_bytes(channel->socket, 1);
	if (got == HELLO_BYTES && looks_like_http(head))
		return refuse_http(channel, error);
	*error = TLS_ERROR_OTHER;
	return tls_session_new(&channel->session, channel->state->tls, channel->socket);
}

static int channel_handshake(void *data, enum tls_error *error)
{
	struct tls_channel *channel = data;
	int err = channel->session == NULL ? begin(channel, error) : 0;

	if (err != 0)
		return err;
	err = gnutls_handshake(channel->session);
	if (err == 0)
		return 0;
	if (gnutls_error_is_fatal(err) == 0)
		return -EAGAIN;
	tls_session_refuse(channel->session, err);
	*error = tls_fault(err);
	return -EPROTO;
}

static bool channel_is_writing(void *data)
{
	const struct tls_channel *channel = data;

	return channel->session != NULL && gnutls_record_get_direction(channel->session) == 1;
}

static bool is_retry(ssize_t result)
{
	return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* Receives bytes. Every error except a retry ends the connection. A request for another handshake ends it too, because
 * GnuTLS cannot continue without the handshake. */
static ssize_t channel_receive(void *data, void *bytes, size_t size)
{
	struct tls_channel *channel = data;
	ssize_t got = gnutls_record_recv(channel->session, bytes, size);

	if (got >= 0)
		return got;
	if (got == GNUTLS_E_REHANDSHAKE) /* the close follows, even if the alert cannot be sent */
		(void)gnutls_alert_send(channel->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
	return is_retry(got) || got == GNUTLS_E_WARNING_ALERT_RECEIVED ? -EAGAIN : -EPROTO;
}

static ssize_t channel_send(void *data, const void *bytes, size_t length)
{
	struct tls_channel *channel = data;
	ssize_t sent = gnutls_record_send(channel->session, bytes, length);

	if (sent >= 0)
		return sent;
	return is_retry(sent) ? -EAGAIN : -EPROTO;
}

static int channel_finish(void *data)
{
	struct tls_channel *channel = data;
	int err = gnutls_bye(channel->session, GNUTLS_SHUT_WR);

	if (err == 0)
		return 0;
	return is_retry(err) ? -EAGAIN : -EPROTO;
}

static void channel_free(void *data)
{
	struct tls_channel *channel = data;

	if (channel->session != NULL)
		gnutls_deinit(channel->session);
	web_state_unref(channel->state);
	free(channel);
}

static const struct transport_ops channel_ops = {
        channel_handshake, channel_is_writing, channel_receive, channel_send, channel_finish, channel_free,
};

int tls_channel_new(struct transport *transport, int socket, struct web_state *state)
{
	struct tls_channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL)
		return -ENOMEM;
	channel->socket = socket;
	channel->state = state;
	web_state_ref(state);
	host_expect_bytes(socket, HELLO_BYTES);
	transport->ops = &channel_ops;
	transport->channel = channel;
	return 0;
}
