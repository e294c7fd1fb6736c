/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client's TLS: between its socket and a local one, on which the same bytes go in the clear.
 *
 * A tunnel never blocks. It is asked what it waits for, and goes on when that is there. It ends with its client, with
 * the local socket's other end, or when a handshake takes too long.
 */
#ifndef EXPORTER_WEB_TLS_TUNNEL_H
#define EXPORTER_WEB_TLS_TUNNEL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "exporter/web/state.h"

struct tunnel;

/* Takes over the client's socket, even on failure, and a reference to the state. 0 or -errno. */
int tunnel_new(struct tunnel **tunnel, int client, struct web_state *state, uint64_t now_ns) MUST_CHECK;
/* Closes both sockets. */
void tunnel_free(struct tunnel *tunnel);

enum { TUNNEL_SOCKETS = 2 };
/* Writes what it waits for; how many sockets that are, 1 or 2. */
size_t tunnel_poll(const struct tunnel *tunnel, struct pollfd fds[TUNNEL_SOCKETS]);
/* When it gives up; UINT64_MAX: others decide that. */
uint64_t tunnel_deadline(const struct tunnel *tunnel);
/* Whether there is nothing to wait for: it was stopped so that others have their turn. */
bool tunnel_is_eager(const struct tunnel *tunnel);
/* Whether bytes go through it, rather than a handshake or a farewell. */
bool tunnel_is_open(const struct tunnel *tunnel);

/* Goes on as far as it can: `fds` are those that tunnel_poll() wrote, and what poll() says of them. When the handshake
 * is done, take() is handed the other end of the local socket, which is its own from then on. False: the tunnel has
 * ended. */
bool tunnel_step(struct tunnel *tunnel, const struct pollfd *fds, size_t count, uint64_t now_ns,
                 void (*take)(void *data, int socket), void *data);

#endif
