/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relay: terminates TLS for one client connection and copies bytes to and from libmicrohttpd over a local socket pair.
 * It forwards a request's head only when the head is whole and good (head.h). It replaces a bad head with a request
 * that libmicrohttpd refuses, so that the refusal follows the answers to earlier requests.
 *
 * A relay never blocks. Its owner polls for it. It ends with its client, with the local socket's other end, or at the
 * deadline of the handshake.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_RELAY_H
#define EXPORTER_HTTP_ACCEPTOR_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "exporter/web/transport.h"
#include "metrics/compiler.h"

struct relay;

/* Callbacks to the relay's owner. */
struct relay_hooks {
	/* Takes over the other end of the local socket, after the handshake. */
	void (*take)(void *data, int socket);
	/* Called after a failed handshake. */
	void (*failed)(void *data, enum tls_error error);
	/* Returns true if a client without TLS must be refused now. */
	bool (*needs_tls)(void *data);
	void *data;
};

/* Takes over the client's socket and its transport, even on failure. Returns 0 or -errno. */
int relay_new(struct relay **relay, int client, struct transport transport, const struct relay_hooks *hooks,
              uint64_t now_ns) MUST_CHECK;
/* Closes both sockets. */
void relay_free(struct relay *relay);

enum { RELAY_SOCKETS = 2 };
/* Writes the sockets and events that the relay waits for. Returns the number of sockets, 1 or 2. */
size_t relay_poll(const struct relay *relay, struct pollfd fds[RELAY_SOCKETS]);
/* Returns the deadline of the relay, or UINT64_MAX if only the HTTP server has one. */
uint64_t relay_deadline(const struct relay *relay);
/* Returns true if the relay has more work and stopped only to let other relays run. */
bool relay_is_eager(const struct relay *relay);
/* Returns true while the client is served: from the end of the handshake until only last bytes are left. */
bool relay_is_open(const struct relay *relay);
/* Returns true during the handshake. */
bool relay_is_new(const struct relay *relay);

/* Starts the relay. Returns false if the relay has ended. */
bool relay_begin(struct relay *relay, uint64_t now_ns);
/* Continues until the relay would block. `fds` are the entries from relay_poll() with the results of poll(). Returns
 * false if the relay has ended. */
bool relay_step(struct relay *relay, const struct pollfd *fds, size_t count, uint64_t now_ns);

#endif
