/* SPDX-License-Identifier: Apache-2.0 */
/* What the exporter needs of its host besides the TCP table: its own resources, listening sockets, and the signal to
 * stop. */
#ifndef EXPORTER_PLATFORM_HOST_H
#define EXPORTER_PLATFORM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/platform/platform.h"

/* The exporter's own process; a number that the system does not tell is UINT64_MAX. */
struct host_process {
	uint64_t cpu_us; /* user and system time */
	uint64_t resident_bytes, virtual_bytes, virtual_max_bytes;
	uint64_t open_fds, max_fds;
	uint64_t start_ms; /* since the Unix epoch */
};
void host_process_read(struct host_process *process);

/* First of all in main(): a pipe or connection whose reader went away is an error of the write, not the end of
 * the program; bytes reach standard output as they were written; sockets work. 0, or -errno with *error filled. */
int host_prepare(struct platform_error *error) MUST_CHECK;

/* Keeps what ends the program, signals or their like, for host_wait_for_stop(). Call before any thread is
 * started. */
void host_block_stop_signals(void);
/* Says that the program is up, where somebody wants to know, waits until it is to end, and returns what says
 * so ("SIGTERM"). */
const char *host_wait_for_stop(void);

/* An open, bound, listening TCP socket for `address` ("host:port", "[v6]:port" or ":port", which is
 * both families where the host has both). The socket, or -errno with *error filled: -EINVAL if the
 * address is not of that form. Non-blocking and close-on-exec. */
int host_listen(const char *address, struct platform_error *error) MUST_CHECK;
/* Writes the address that a socket is bound to ("[::]:10793"); "" if the system does not tell. */
enum { HOST_ADDRESS_MAX = 80 };
void host_socket_address(int socket, char *text, size_t size);
void host_close_socket(int socket);
/* Only whether `address` has that form. */
bool host_address_valid(const char *address);

#endif
