/* SPDX-License-Identifier: Apache-2.0 */
/* TCP sockets on loopback, for the programs that make loads. */
#ifndef TESTS_BENCH_LOOPBACK_H
#define TESTS_BENCH_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

/* Makes close() reset the connection, so that no TIME_WAIT remains. Accepted sockets inherit the option from their
 * listener. Returns 0, or -1 with errno set. */
int loopback_reset_on_close(int fd);

/* Listens on 127.0.0.1. Returns the socket, or -1 with errno set. */
int loopback_listen(unsigned port, bool reset_on_close);

/* Connects to 127.0.0.1 from the address `source`, in host order. Lets connect() choose the local port, which must be
 * free for this destination only. Returns the socket, or -1 with errno set. */
int loopback_connect(uint32_t source, unsigned port, bool reset_on_close);

/* Reads until the end of the file. */
void wait_for_end_of(int fd);

#endif
