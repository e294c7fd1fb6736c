/* SPDX-License-Identifier: Apache-2.0 */
/* Host: the exporter's own resources, its listening sockets, its log and the signal to stop. The TCP table is in
 * platform.h. */
#ifndef EXPORTER_PLATFORM_HOST_H
#define EXPORTER_PLATFORM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/platform.h"

/* The exporter's own process. A number that the system does not report is UINT64_MAX. */
struct host_process {
	uint64_t cpu_us; /* user and system time */
	uint64_t resident_bytes, virtual_bytes, virtual_max_bytes;
	uint64_t open_fds, max_fds;
	uint64_t start_ms; /* since the Unix epoch */
};
void host_process_read(struct host_process *process);

/* Writes the host's own name, or "" if the system does not report it. */
enum { HOST_NAME_SIZE = 256 };
void host_name(char *name, size_t size);

/* Writes one line of the log, of at most 4096 bytes, to standard error. Returns false if that would block, because its
 * reader is stuck, or fails. */
bool host_log_write(const char *line, size_t length);
/* Returns true if standard error is a journal's, which reads priorities ("<4>") at the start of lines. */
bool host_log_has_priorities(void);

/* Prepares the process. Call first in main(), with its arguments, which become UTF-8 and stay until the end of the
 * process. Afterwards a write to a pipe or connection without a reader returns an error, standard output writes bytes
 * unchanged, and sockets work. Returns 0, or -errno with *error filled. */
int host_prepare(int *argc, char ***argv, struct platform_error *error) MUST_CHECK;

/* Prepares for host_wait_for_stop(): blocks the signals that end the program, and finds out who wants status
 * reports. Call before any thread starts. Returns 0, or -errno with *error filled. */
int host_prepare_to_serve(struct platform_error *error) MUST_CHECK;

/* Callbacks of host_wait_for_stop(). */
struct host_hooks {
	void (*reload)(void *data); /* reads the configuration files again, after a signal */
	bool (*alive)(void *data);  /* returns true if all parts of the program work; may take a moment */
	const char *status;         /* what the program serves, for people */
	void *data;
};
/* Reports that the program is up, waits for the signal to stop, and returns its name ("SIGTERM"). Nothing runs
 * meanwhile, unless a service manager watches the program. */
const char *host_wait_for_stop(const struct host_hooks *hooks);

/* Opens, binds and listens on `address` (listen_address.h has the forms; ":port" means both families where the host
 * has both). Returns the socket, non-blocking and close-on-exec, or -errno with *error filled: -EINVAL if the
 * address has no such form. */
int host_listen(const char *address, struct platform_error *error) MUST_CHECK;
/* Fetches the listening sockets that the service manager has passed to the program. Returns their number, at least
 * 1, or -errno with *error filled. */
int host_inherited_sockets(int *sockets, size_t max, struct platform_error *error) MUST_CHECK;
/* Writes the address that a socket is bound to ("[::]:10793"), or "" if the system does not report it. */
enum { HOST_ADDRESS_MAX = 128 };
void host_socket_address(int socket, char *text, size_t size);
void host_close_socket(int socket);
/* Hands one end of a new connection to take(), which owns it then, and shuts the other end down. Returns true if
 * take()'s end is closed soon: the loop that serves it still runs. */
bool host_loop_alive(bool (*take)(void *data, int socket), void *data);
/* Returns true if `address` has one of the forms that host_listen() accepts. Otherwise `reason` has a reason that the
 * text itself does not show, or "". */
bool host_address_valid(const char *address, char *reason, size_t size);

#endif
