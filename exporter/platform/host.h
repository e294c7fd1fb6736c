/* SPDX-License-Identifier: Apache-2.0 */
/* What the exporter needs of its host besides the TCP table: its own resources, listening sockets, and the signal to
 * stop. */
#ifndef EXPORTER_PLATFORM_HOST_H
#define EXPORTER_PLATFORM_HOST_H

#include <stdbool.h>
#include <stddef.h>
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

/* Writes one line of the log, of at most 4096 bytes, to standard error. Returns false if that would block, because its
 * reader is stuck, or fails. */
bool host_log_write(const char *line, size_t length);
/* Returns true if standard error is a journal's, which reads priorities ("<4>") at the start of lines. */
bool host_log_has_priorities(void);

/* First of all in main(): a pipe or connection whose reader went away is an error of the write, not the end of
 * the program; bytes reach standard output as they were written; sockets work. 0, or -errno with *error filled. */
int host_prepare(struct platform_error *error) MUST_CHECK;

/* Before any thread is started: keeps what ends the program, signals or their like, for host_wait_for_stop(), and
 * finds out who wants to be told how it is. 0, or -errno with *error filled. */
int host_prepare_to_serve(struct platform_error *error) MUST_CHECK;

/* What the program does while it waits. */
struct host_hooks {
	void (*reload)(void *data); /* reads its files anew, where a signal asks for it */
	bool (*alive)(void *data);  /* whether its parts do their work; may take a moment */
	const char *status;         /* for people: what it serves */
	void *data;
};
/* Says that the program is up, where somebody wants to know, waits until it is to end, and returns what says
 * so ("SIGTERM"). Between that nothing runs, unless somebody watches whether the program is alive. */
const char *host_wait_for_stop(const struct host_hooks *hooks);

/* An open, bound, listening socket for `address` (listen_address.h has the forms; ":port" is both families where the
 * host has both). The socket, or -errno with *error filled: -EINVAL if the
 * address is not of that form. Non-blocking and close-on-exec. */
int host_listen(const char *address, struct platform_error *error) MUST_CHECK;
/* The sockets of that kind that whoever started the program has passed on to it. How many, at least one, or -errno
 * with *error filled. */
int host_inherited_sockets(int *sockets, size_t max, struct platform_error *error) MUST_CHECK;
/* Writes the address that a socket is bound to ("[::]:10793"); "" if the system does not tell. */
enum { HOST_ADDRESS_MAX = 128 };
void host_socket_address(int socket, char *text, size_t size);
void host_close_socket(int socket);
/* Hands one end of a connection to take(), whose it is then, ends the other, and tells whether take()'s is closed
 * soon: whether the loop that it is for goes round. */
bool host_loop_alive(bool (*take)(void *data, int socket), void *data);
/* Only whether `address` has that form. */
bool host_address_valid(const char *address);

#endif
