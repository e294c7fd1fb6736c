/* SPDX-License-Identifier: Apache-2.0 */
/* Relay: runs the handshake, copies bytes in both directions, and closes the connection in order. */
#include "exporter/http/acceptor/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/http/acceptor/inward.h"
#include "exporter/platform/host.h"
#include "exporter/platform/socket.h"

/* Time for a handshake, which needs two round trips and the client's signature. */
#define HANDSHAKE_NS UINT64_C(10000000000)
/* Time for a client to read the rest of an answer after the server has closed. The server allows the same time for a
 * whole answer. A relay that only waits for the client is idle, and can be replaced. */
#define DRAIN_NS UINT64_C(90000000000)
/* Time for a client to read the last bytes before its socket is closed. close() with unread bytes of the client would
 * make the kernel discard the bytes that the client has not read. */
#define LINGER_NS UINT64_C(1000000000)

enum {
	/* Two records of TLS. */
	OUTWARD_BYTES = 32 * 1024,
	/* Bytes of an answer in the local socket: few, so that the HTTP server notices clients that do not read. */
	LOCAL_BYTES = 64 * 1024,
	/* Buffers that a relay copies per turn of the loop. */
	ROUNDS_MAX = 8,
};

enum phase {
	PHASE_HANDSHAKE,
	PHASE_OPEN,
	PHASE_DRAIN,  /* the server has closed; the client has not read all bytes */
	PHASE_FINISH, /* all bytes were sent; the end of the stream was not */
	PHASE_LINGER, /* the relay waits only for the client to close */
};

struct relay {
	enum phase phase;
	uint64_t deadline_ns;
	int outer, inner; /* the client's socket; the local socket, -1 before PHASE_OPEN and in PHASE_LINGER */
	struct transport transport;
	struct relay_hooks hooks;
	bool outer_ended, inner_ended; /* the stream from that socket has ended */
	bool told_inner;               /* the server knows that the client's stream has ended */
	bool unanswered;               /* the server has sent nothing since the last bytes of the client */
	bool eager;
	struct inward inward;
	size_t outward_start, outward_end; /* filled when empty, then emptied from its start */
	char outward[OUTWARD_BYTES];
};

int relay_new(struct relay **result, int client, struct transport transport, const struct relay_hooks *hooks,
              uint64_t now_ns)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	*result = relay;
	if (relay == NULL) {
		transport.ops->free(transport.channel);
		host_close_socket(client);
		return -ENOMEM;
	}
	relay->deadline_ns = now_ns + HANDSHAKE_NS;
	relay->outer = client;
	relay->inner = -1;
	relay->transport = transport;
	relay->hooks = *hooks;
	host_send_at_once(client);
	return 0;
}

void relay_free(struct relay *relay)
{
	relay->transport.ops->free(relay->transport.channel);
	host_close_socket(relay->outer);
	if (relay->inner >= 0)
		host_close_socket(relay->inner);
	inward_wipe(&relay->inward);
	free(relay);
}

uint64_t relay_deadline(const struct relay *relay)
{
	return relay->phase == PHASE_OPEN ? UINT64_MAX : relay->deadline_ns;
}

bool relay_is_eager(const struct relay *relay)
{
	return relay->eager;
}

bool relay_is_open(const struct relay *relay)
{
	return relay->phase == PHASE_OPEN;
}

bool relay_is_unanswered(const struct relay *relay)
{
	return relay->unanswered && relay_is_open(relay);
}

bool relay_is_new(const struct relay *relay)
{
	return relay->phase == PHASE_HANDSHAKE;
}

static bool is_outward_empty(const struct relay *relay)
{
	return relay->outward_start == relay->outward_end;
}

static short when(bool condition, short event)
{
	return condition ? event : 0;
}

size_t relay_poll(const struct relay *relay, struct pollfd fds[RELAY_SOCKETS])
{
	short outer = POLLIN, inner = 0; /* host_poll() always reports the end of the inner socket */

	if (relay->phase == PHASE_OPEN) {
		outer = when(!relay->outer_ended && inward_has_room(&relay->inward), POLLIN) |
		        when(!is_outward_empty(relay), POLLOUT);
		inner = when(is_outward_empty(relay) && !relay->inner_ended, POLLIN) |
		        when(inward_is_ready(&relay->inward), POLLOUT);
	} else if (relay->phase == PHASE_DRAIN || relay->phase == PHASE_FINISH ||
	           (relay->phase == PHASE_HANDSHAKE && relay->transport.ops->is_writing(relay->transport.channel))) {
		outer = POLLOUT;
	}
	fds[0] = poll_entry(outer != 0 ? relay->outer : -1, outer); /* the client's FIN has no POLLHUP to report */
	if (relay->phase != PHASE_OPEN)
		return 1;
	fds[1] = poll_entry(relay->inner, inner);
	return 2;
}

/* ---- Bytes ---- */

/* The functions below copy bytes by one step, and return true if they copied any. An error ends that side. */

static bool receive_outer(struct relay *relay)
{
	char *bytes;
	size_t room;
	ssize_t got;

	if (relay->outer_ended || (room = inward_reserve(&relay->inward, &bytes)) == 0)
		return false;
	got = relay->transport.ops->receive(relay->transport.channel, bytes, room);
	if (got == -EAGAIN)
		return false;
	relay->outer_ended = got <= 0;
	if (got < 0)
		relay->unanswered = false; /* the client reads no answer after an error */
	else if (got > 0)
		inward_add(&relay->inward, (size_t)got, relay->hooks.needs_tls(relay->hooks.data));
	return true;
}

/* Ends the stream to the server. If the last request is whole, waits for its answer first: libmicrohttpd does not
 * answer a request if the end of the stream arrives with it. */
static bool end_inner(struct relay *relay)
{
	if (!relay->outer_ended || relay->told_inner || (relay->unanswered && !inward_is_within_body(&relay->inward)))
		return false;
	(void)host_end_sending(relay->inner);
	relay->told_inner = true;
	return true;
}

static bool send_inner(struct relay *relay)
{
	const char *bytes;
	size_t length = inward_ready(&relay->inward, &bytes);
	ssize_t sent;

	if (length == 0)
		return end_inner(relay);
	sent = host_send(relay->inner, bytes, length);
	if (sent == -EAGAIN)
		return false;
	if (sent < 0) { /* the server reads no more; its last bytes are still copied */
		relay->outer_ended = relay->told_inner = true;
		sent = (ssize_t)length;
	}
	inward_take(&relay->inward, (size_t)sent);
	relay->unanswered = true;
	return true;
}

static bool receive_inner(struct relay *relay)
{
	ssize_t got;

	if (!is_outward_empty(relay) || relay->inner_ended)
		return false;
	got = host_receive(relay->inner, relay->outward, sizeof(relay->outward));
	if (got == -EAGAIN)
		return false;
	relay->inner_ended = got <= 0;
	relay->unanswered = false;
	relay->outward_start = 0;
	relay->outward_end = got > 0 ? (size_t)got : 0;
	return true;
}

/* Sets *broken if the client accepts no more bytes. */
static bool send_outer(struct relay *relay, bool *broken)
{
	ssize_t sent;

	if (is_outward_empty(relay))
		return false;
	sent = relay->transport.ops->send(relay->transport.channel, relay->outward + relay->outward_start,
	                                  relay->outward_end - relay->outward_start);
	if (sent == -EAGAIN)
		return false;
	*broken = sent < 0;
	relay->outward_start += sent > 0 ? (size_t)sent : 0;
	return sent > 0;
}

/* ---- Phases. Their functions return false at the end of the relay ---- */

static bool linger(struct relay *relay, uint64_t now_ns)
{
	if (relay->inner >= 0)
		host_close_socket(relay->inner);
	relay->inner = -1;
	relay->phase = PHASE_LINGER;
	relay->deadline_ns = now_ns + LINGER_NS;
	return host_end_sending(relay->outer) == 0;
}

/* Discards further bytes of the client. */
static bool step_linger(struct relay *relay)
{
	ssize_t got = 1;

	for (int rounds = 0; rounds < ROUNDS_MAX && got > 0; rounds++)
		got = host_receive(relay->outer, relay->outward, sizeof(relay->outward));
	return got > 0 || got == -EAGAIN;
}

static bool step_finish(struct relay *relay, uint64_t now_ns)
{
	int err = relay->transport.ops->finish(relay->transport.channel);

	if (err == -EAGAIN)
		return true;
	return err == 0 && linger(relay, now_ns);
}

static bool begin_finish(struct relay *relay, uint64_t now_ns)
{
	relay->eager = false;
	relay->phase = PHASE_FINISH;
	relay->deadline_ns = now_ns + LINGER_NS;
	return step_finish(relay, now_ns);
}

static bool step_drain(struct relay *relay, uint64_t now_ns)
{
	bool moved = true, broken = false;

	while (moved && !broken) {
		moved = receive_inner(relay);
		moved |= send_outer(relay, &broken);
	}
	if (broken)
		return false;
	return relay->inner_ended && is_outward_empty(relay) ? begin_finish(relay, now_ns) : true;
}

static bool begin_drain(struct relay *relay, uint64_t now_ns)
{
	relay->eager = false;
	relay->phase = PHASE_DRAIN;
	relay->deadline_ns = now_ns + DRAIN_NS;
	(void)host_end_sending(relay->inner); /* wakes the server where the end of its own socket does not */
	return step_drain(relay, now_ns);
}

static bool step_open(struct relay *relay, uint64_t now_ns)
{
	bool moved = true, broken = false;

	for (int rounds = 0; rounds < ROUNDS_MAX && moved; rounds++) {
		moved = receive_outer(relay);
		moved |= send_inner(relay);
		moved |= receive_inner(relay);
		moved |= send_outer(relay, &broken);
		if (broken)
			return false;
	}
	relay->eager = moved;
	return relay->inner_ended && is_outward_empty(relay) ? begin_finish(relay, now_ns) : true;
}

static bool open_inner(struct relay *relay)
{
	int ends[2];

	if (host_socket_pair(ends, LOCAL_BYTES) != 0)
		return false;
	relay->inner = ends[0];
	relay->phase = PHASE_OPEN;
	relay->hooks.take(relay->hooks.data, ends[1]);
	return true;
}

static bool step_handshake(struct relay *relay, uint64_t now_ns)
{
	enum tls_error error = TLS_ERROR_OTHER;
	int err = relay->transport.ops->handshake(relay->transport.channel, &error);

	if (err == 0)
		return open_inner(relay) && step_open(relay, now_ns);
	if (err == -EAGAIN)
		return true;
	relay->hooks.failed(relay->hooks.data, error);
	return linger(relay, now_ns);
}

bool relay_begin(struct relay *relay, uint64_t now_ns)
{
	return step_handshake(relay, now_ns);
}

bool relay_step(struct relay *relay, const struct pollfd *fds, size_t count, uint64_t now_ns)
{
	bool ready = fds[0].revents != 0 || (count == RELAY_SOCKETS && fds[1].revents != 0) || relay->eager;

	if (now_ns >= relay_deadline(relay)) {
		if (relay->phase == PHASE_HANDSHAKE)
			relay->hooks.failed(relay->hooks.data, TLS_ERROR_TIMEOUT);
		return false;
	}
	if (!ready)
		return true;
	if (relay->phase == PHASE_OPEN && (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		return false; /* both directions of the client's connection have ended */
	switch (relay->phase) {
	case PHASE_HANDSHAKE:
		return step_handshake(relay, now_ns);
	case PHASE_OPEN:
		return (fds[1].revents & POLLHUP) != 0 ? begin_drain(relay, now_ns) : step_open(relay, now_ns);
	case PHASE_DRAIN:
		return step_drain(relay, now_ns);
	case PHASE_FINISH:
		return step_finish(relay, now_ns);
	case PHASE_LINGER:
		return step_linger(relay);
	}
	return false;
}
