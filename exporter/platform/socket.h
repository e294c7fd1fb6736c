/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: the calls that serve connections. All sockets are non-blocking, and no other program inherits them. The
 * functions return -errno on failure. -EAGAIN means: call host_poll() first.
 */
#ifndef EXPORTER_PLATFORM_SOCKET_H
#define EXPORTER_PLATFORM_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "exporter/platform/inet.h"
#include "exporter/platform/platform.h"
#include "exporter/platform/poll.h"

/* Accepts a connection and fills its peer's address. Returns the socket or -errno. After -ECONNABORTED, whose peer is
 * gone, another connection can wait. */
int host_accept(int listener, struct sockaddr_storage *address, socklen_t *length) MUST_CHECK;

/* Makes two connected sockets within this process. ends[1] can send about `bytes` bytes that ends[0] has not received
 * (0: the system's default). Close ends[0] last, since its close discards bytes. Returns 0 or -errno. */
int host_socket_pair(int ends[2], int bytes) MUST_CHECK;

/* Return the number of bytes, 0 at the end of the peer's stream, or -errno. host_peek() leaves the bytes. */
ssize_t host_receive(int socket, void *bytes, size_t size) MUST_CHECK;
ssize_t host_peek(int socket, void *bytes, size_t size) MUST_CHECK;
/* Returns the number of bytes or -errno. */
ssize_t host_send(int socket, const void *bytes, size_t length);
/* Ends the stream to the peer. Returns 0 or -errno. */
int host_end_sending(int socket);
/* Ends both streams. The owner still closes the socket. */
void host_end_both(int socket);

/* Makes a connection of TCP send small packets without delay. */
void host_send_at_once(int socket);
/* Makes host_poll() wait until that many bytes have arrived, if the system can do so. */
void host_expect_bytes(int socket, int bytes);

/* Waits like poll(2) for POLLIN and POLLOUT. `ms` is -1 without a limit. Returns the number of entries with results, or
 * -errno. POLLHUP means that both directions have ended, or on an entry without events that the peer sends no more. */
int host_poll(struct pollfd *fds, size_t count, int ms) MUST_CHECK;

/* Says that the system's own poll() reports a peer that sends no more as POLLHUP. A library that treats this as the end
 * of both directions must use select(). */
extern const bool host_poll_ends_early;

#endif
