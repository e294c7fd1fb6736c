/* SPDX-License-Identifier: Apache-2.0 */
/* Handshake, bytes both ways, farewell. */
#include "exporter/web/tls/tunnel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/web/tls/tls.h"

/* A handshake takes two round trips and a client's signature. */
#define HANDSHAKE_NS UINT64_C(10000000000)
/* How long a client may take to read our last words before its socket is closed, which might take them back. */
#define LINGER_NS UINT64_C(1000000000)

enum {
	/* The most that a record of TLS holds. */
	BUFFER_BYTES = 16 * 1024,
	/* Buffers that go one way before others have their turn. */
	ROUNDS_MAX = 8,
	/* Of a record of TLS, and as many as tell HTTP from it. */
	HEAD_BYTES = 5,
};

/* Filled when empty, then emptied from its start. */
struct buffer {
	size_t start, end;
	char bytes[BUFFER_BYTES];
};

enum phase {
	PHASE_HELLO, /* nothing was read yet */
	PHASE_HANDSHAKE,
	PHASE_OPEN,
	PHASE_FAREWELL, /* all was said but that no more comes */
	PHASE_LINGER,   /* only the client's end is waited for */
};

struct tunnel {
	enum phase phase;
	uint64_t deadline_ns;
	int outer, inner; /* the client's socket; the local one, -1 outside PHASE_OPEN */
	gnutls_session_t session;
	struct web_state *state;
	bool outer_ended, inner_ended; /* no more comes from there */
	bool told_inner;               /* that no more comes from the client */
	bool unanswered;               /* nothing has come back since the last bytes from the client */
	bool eager;
	struct buffer inward, outward;
};

int tunnel_new(struct tunnel **result, int client, struct web_state *state, uint64_t now_ns)
{
	struct tunnel *tunnel = calloc(1, sizeof(*tunnel));
	const int head = HEAD_BYTES, on = 1;
	int err;

	*result = NULL;
	if (tunnel == NULL) {
		close(client);
		return -ENOMEM;
	}
	tunnel->phase = PHASE_HELLO;
	tunnel->deadline_ns = now_ns + HANDSHAKE_NS;
	tunnel->outer = client;
	tunnel->inner = -1;
	err = tls_session_new(&tunnel->session, state->tls, client);
	if (err != 0) {
		close(client);
		free(tunnel);
		return err;
	}
	/* what is written is whole records: none of them is to wait for another */
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* wakes up once there is enough to tell what it is; without that it wakes up a few times more */
	(void)setsockopt(client, SOL_SOCKET, SO_RCVLOWAT, &head, sizeof(head));
	web_state_take(state);
	tunnel->state = state;
	*result = tunnel;
	return 0;
}

void tunnel_free(struct tunnel *tunnel)
{
	gnutls_deinit(tunnel->session);
	close(tunnel->outer);
	if (tunnel->inner >= 0)
		close(tunnel->inner);
	web_state_give(tunnel->state);
	gnutls_memset(&tunnel->inward, 0, sizeof(tunnel->inward)); /* requests, with passwords in them */
	free(tunnel);
}

uint64_t tunnel_deadline(const struct tunnel *tunnel)
{
	return tunnel->phase == PHASE_OPEN ? UINT64_MAX : tunnel->deadline_ns;
}

bool tunnel_is_eager(const struct tunnel *tunnel)
{
	return tunnel->eager;
}

bool tunnel_is_open(const struct tunnel *tunnel)
{
	return tunnel->phase == PHASE_OPEN;
}

static bool is_empty(const struct buffer *buffer)
{
	return buffer->start == buffer->end;
}

static short when(bool condition, short event)
{
	return condition ? event : 0;
}

size_t tunnel_poll(const struct tunnel *tunnel, struct pollfd fds[TUNNEL_SOCKETS])
{
	bool open = tunnel->phase == PHASE_OPEN;
	short outer = POLLIN, inner = 0;

	if (open) {
		outer = when(is_empty(&tunnel->inward) && !tunnel->outer_ended, POLLIN) |
		        when(!is_empty(&tunnel->outward), POLLOUT);
		inner = when(is_empty(&tunnel->outward) && !tunnel->inner_ended, POLLIN) |
		        when(!is_empty(&tunnel->inward), POLLOUT);
	} else if (tunnel->phase == PHASE_FAREWELL ||
	           (tunnel->phase == PHASE_HANDSHAKE && gnutls_record_get_direction(tunnel->session) == 1)) {
		outer = POLLOUT;
	}
	fds[0] = (struct pollfd){tunnel->outer, outer, 0};
	/* that the other end was closed is told again and again: only who can act on it asks */
	if (inner == 0)
		return 1;
	fds[1] = (struct pollfd){tunnel->inner, inner, 0};
	return 2;
}

/* ---- Bytes ---- */

static bool is_retry(ssize_t result)
{
	return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* Each of the next four moves bytes one step; true: something has moved. What goes wrong ends that side. */

static bool receive_outer(struct tunnel *tunnel)
{
	struct buffer *buffer = &tunnel->inward;
	ssize_t got;

	if (!is_empty(buffer) || tunnel->outer_ended)
		return false;
	got = gnutls_record_recv(tunnel->session, buffer->bytes, sizeof(buffer->bytes));
	if (is_retry(got) || got == GNUTLS_E_WARNING_ALERT_RECEIVED)
		return false;
	/* a new handshake is not granted: whatever goes wrong, and the client's end, is the end of what comes */
	tunnel->outer_ended = got <= 0;
	if (got < 0)
		tunnel->unanswered = false; /* who breaks off reads no answer */
	buffer->start = 0;
	buffer->end = got > 0 ? (size_t)got : 0;
	return true;
}

static bool send_inner(struct tunnel *tunnel)
{
	struct buffer *buffer = &tunnel->inward;
	ssize_t sent;

	if (is_empty(buffer)) {
		/* libmicrohttpd answers no request that it reads the end behind */
		if (!tunnel->outer_ended || tunnel->told_inner || tunnel->unanswered)
			return false;
		shutdown(tunnel->inner, SHUT_WR);
		tunnel->told_inner = true;
		return true;
	}
	sent = send(tunnel->inner, buffer->bytes + buffer->start, buffer->end - buffer->start, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (sent < 0) { /* nobody reads there any more: what is left to read from it still counts */
		tunnel->outer_ended = tunnel->told_inner = true;
		sent = (ssize_t)(buffer->end - buffer->start);
	}
	buffer->start += (size_t)sent;
	tunnel->unanswered = true;
	return true;
}

static bool receive_inner(struct tunnel *tunnel)
{
	struct buffer *buffer = &tunnel->outward;
	ssize_t got;

	if (!is_empty(buffer) || tunnel->inner_ended)
		return false;
	got = recv(tunnel->inner, buffer->bytes, sizeof(buffer->bytes), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	tunnel->inner_ended = got <= 0;
	tunnel->unanswered = false;
	buffer->start = 0;
	buffer->end = got > 0 ? (size_t)got : 0;
	return true;
}

/* `broken`: the client takes no more. */
static bool send_outer(struct tunnel *tunnel, bool *broken)
{
	struct buffer *buffer = &tunnel->outward;
	ssize_t sent;

	if (is_empty(buffer))
		return false;
	sent = gnutls_record_send(tunnel->session, buffer->bytes + buffer->start, buffer->end - buffer->start);
	if (is_retry(sent))
		return false;
	*broken = sent < 0;
	buffer->start += sent > 0 ? (size_t)sent : 0;
	return sent > 0;
}

/* ---- Phases; each returns false at the tunnel's end ---- */

static bool linger(struct tunnel *tunnel, uint64_t now_ns)
{
	if (tunnel->inner >= 0)
		close(tunnel->inner);
	tunnel->inner = -1;
	tunnel->phase = PHASE_LINGER;
	tunnel->deadline_ns = now_ns + LINGER_NS;
	return shutdown(tunnel->outer, SHUT_WR) == 0;
}

/* Throws away what still comes, for a while. */
static bool step_linger(struct tunnel *tunnel)
{
	ssize_t got = 1;

	for (int rounds = 0; rounds < ROUNDS_MAX && got > 0; rounds++)
		got = recv(tunnel->outer, tunnel->inward.bytes, sizeof(tunnel->inward.bytes), 0);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool step_farewell(struct tunnel *tunnel, uint64_t now_ns)
{
	int err = gnutls_bye(tunnel->session, GNUTLS_SHUT_WR);

	if (is_retry(err))
		return true;
	return err == 0 && linger(tunnel, now_ns);
}

static bool step_open(struct tunnel *tunnel, uint64_t now_ns)
{
	bool moved = true, broken = false;

	for (int rounds = 0; rounds < ROUNDS_MAX && moved; rounds++) {
		moved = receive_outer(tunnel);
		moved |= send_inner(tunnel);
		moved |= receive_inner(tunnel);
		moved |= send_outer(tunnel, &broken);
		if (broken)
			return false;
	}
	tunnel->eager = moved;
	if (!tunnel->inner_ended || !is_empty(&tunnel->outward))
		return true;
	tunnel->eager = false;
	tunnel->phase = PHASE_FAREWELL;
	tunnel->deadline_ns = now_ns + LINGER_NS;
	return step_farewell(tunnel, now_ns);
}

/* Makes the local socket. Non-blocking and close-on-exec at both ends. */
static bool open_inner(struct tunnel *tunnel, void (*take)(void *data, int socket), void *data)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return false;
	tunnel->inner = ends[0];
	tunnel->phase = PHASE_OPEN;
	take(data, ends[1]);
	return true;
}

static bool step_handshake(struct tunnel *tunnel, uint64_t now_ns, void (*take)(void *data, int socket), void *data)
{
	int err = gnutls_handshake(tunnel->session);

	if (err == 0)
		return open_inner(tunnel, take, data) && step_open(tunnel, now_ns);
	if (gnutls_error_is_fatal(err) == 0)
		return true;
	tls_session_refuse(tunnel->session, err);
	return linger(tunnel, now_ns);
}

static bool looks_like_http(const char head[HEAD_BYTES])
{
	static const char *const methods[] = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (memcmp(head, methods[i], HEAD_BYTES) == 0)
			return true;
	return false;
}

/* Who speaks HTTP where TLS is expected is told so in HTTP. */
static bool step_hello(struct tunnel *tunnel, uint64_t now_ns, void (*take)(void *data, int socket), void *data)
{
	static const char reply[] = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
	const int one = 1;
	char head[HEAD_BYTES];
	ssize_t got = recv(tunnel->outer, head, sizeof(head), MSG_PEEK);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	(void)setsockopt(tunnel->outer, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	if (got == HEAD_BYTES && looks_like_http(head)) {
		(void)send(tunnel->outer, reply, sizeof(reply) - 1, MSG_NOSIGNAL); /* it fits an empty buffer */
		return linger(tunnel, now_ns);
	}
	tunnel->phase = PHASE_HANDSHAKE;
	return step_handshake(tunnel, now_ns, take, data);
}

bool tunnel_step(struct tunnel *tunnel, const struct pollfd *fds, size_t count, uint64_t now_ns,
                 void (*take)(void *data, int socket), void *data)
{
	bool ready = fds[0].revents != 0 || (count > 1 && fds[1].revents != 0) || tunnel->eager;

	if (now_ns >= tunnel_deadline(tunnel))
		return false;
	if (!ready)
		return true;
	if (tunnel->phase == PHASE_OPEN && (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		return false; /* the client is gone for good */
	switch (tunnel->phase) {
	case PHASE_HELLO:
		return step_hello(tunnel, now_ns, take, data);
	case PHASE_HANDSHAKE:
		return step_handshake(tunnel, now_ns, take, data);
	case PHASE_OPEN:
		return step_open(tunnel, now_ns);
	case PHASE_FAREWELL:
		return step_farewell(tunnel, now_ns);
	case PHASE_LINGER:
		return step_linger(tunnel);
	}
	return false;
}
