/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relay: copies bytes between one client and libmicrohttpd, over a local socket pair. It decrypts TLS, and forwards a
 * request's head only when the head is whole and good (head.h). It replaces a bad head by a request that asks for the
 * refusal, so that the refusal follows the answers to earlier requests.
 *
 * A relay never blocks: its owner polls its sockets. It ends with its client, with the other end of the local socket,
 * or at the deadline of the handshake.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_RELAY_H
#define EXPORTER_HTTP_ACCEPTOR_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/platform/poll.h"
#include "exporter/web/transport.h"
#include "metrics/compiler.h"

struct relay;

/* Callbacks to a relay's owner. */
struct relay_hooks {
	/* Takes over the other end of the local socket, after the handshake. */
	void (*take)(void *data, int socket);
	/* Notes that the handshake failed. */
	void (*failed)(void *data, enum tls_error error);
	/* Returns true if a client without TLS must no longer be served. */
	bool (*needs_tls)(void *data);
	void *data;
};

/* Makes a relay. Takes over the client's socket and its transport, even on failure. Returns 0 or -errno. */
int relay_new(struct relay **relay, int client, struct transport transport, const struct relay_hooks *hooks,
              uint64_t now_ns) MUST_CHECK;
/* Frees the relay and closes both sockets. */
void relay_free(struct relay *relay);

enum { RELAY_SOCKETS = 2 };
/* Writes the sockets that the relay waits for. Returns their number, 1 or 2. */
size_t relay_poll(const struct relay *relay, struct pollfd fds[RELAY_SOCKETS]);
/* Returns the time at which the relay ends itself, or UINT64_MAX if the HTTP server ends it. */
uint64_t relay_deadline(const struct relay *relay);
/* Returns true if the relay has more bytes to copy, and has stopped only to let other relays continue. */
bool relay_is_eager(const struct relay *relay);
/* Returns true while the client is served: from the end of the handshake until only last bytes are left. */
bool relay_is_open(const struct relay *relay);
/* Returns true if the HTTP server received bytes and has not sent any since. */
bool relay_is_unanswered(const struct relay *relay);
/* Returns true during the handshake. */
bool relay_is_new(const struct relay *relay);

/* Starts the relay. Returns false if it has ended. */
bool relay_begin(struct relay *relay, uint64_t now_ns);
/* Continues as far as possible. `fds` are those of relay_poll(), with poll()'s results. Returns false if the relay
 * has ended. */
bool relay_step(struct relay *relay, const struct pollfd *fds, size_t count, uint64_t now_ns);

#endif
