/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Platform: the interface to an operating system's TCP table. It opens a backend, reads snapshots and closes the
 * backend.
 *
 * Contract of every backend
 *  - read() fills an empty snapshot with the whole TCP table, or fails. It never returns a part of the table.
 *    Retries are bounded. A process that exits or execs during the read loses at most its own attribution.
 *  - A backend decides who holds a socket. It does not credit unheld sockets to listeners, and does not count by
 *    label. It never sees a metric's name.
 *  - One thread at a time uses a backend. A backend neither logs nor exits: it describes a failure in platform_error
 *    and returns.
 *  - read() calls deadline_check() often enough to return within 100 ms of the deadline, except in a blocked system
 *    call.
 */
#ifndef EXPORTER_PLATFORM_PLATFORM_H
#define EXPORTER_PLATFORM_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* Facts that a snapshot holds in addition to the rows and their owners' names. */
enum {
	WANT_USER = 1 << 0,
	WANT_EXE = 1 << 1,
	WANT_UNIT = 1 << 2,
	WANT_CONTAINER = 1 << 3,
	WANT_REMOTE_ADDRESSES = 1 << 4,
	WANT_SHARED = 1 << 5, /* count the sockets with several holders: needs the whole walk */
	WANT_CLOSE_WAIT_AGE = 1 << 6,
	WANT_CLOSED_OWNERS = 1 << 7, /* note who closes a connection, and make it the owner when no process holds it */
};

enum process_naming {
	NAMING_COMM,    /* the kernel's name of the main thread, at most 15 bytes */
	NAMING_EXE,     /* the file name of the executable */
	NAMING_CMDLINE, /* the arguments, joined by spaces */
};

struct platform_options {
	const char *procfs;      /* where procfs is mounted: "/proc" */
	const char *replay_file; /* for the replay backend: the recorded snapshot */
	unsigned want;
	enum process_naming naming;
	bool all_netns; /* every network namespace that has a process, not only our own */
	/* Receives the last messages of a library about a backend that does not open, in lines, for the log. Can be
	 * NULL. */
	void (*last_words)(const char *words);
};

/* A failure in words for a person: the step that failed, the quoted subject, no full stop. */
struct platform_error {
	char text[256];
};
void platform_error_set(struct platform_error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* The deadline of a read. The threads that wait for the read share it. */
struct deadline {
	_Atomic uint64_t expires_ns; /* of platform_now_ns(); UINT64_MAX: no deadline */
	atomic_bool cancelled;       /* the program ends */
};
/* Returns 0, -ETIMEDOUT past the deadline, or -ECANCELED. */
int deadline_check(struct deadline *deadline) MUST_CHECK;

struct platform;

/* Things that a system does not have, or that a backend cannot read. */
enum {
	LACKS_PROCFS = 1 << 0,
	LACKS_NETNS = 1 << 1,
	LACKS_CONTAINERS = 1 << 2,
	LACKS_ARGUMENTS = 1 << 3, /* of processes */
	LACKS_CLOSED_OWNERS = 1 << 4,
	LACKS_HOLDERS = 1 << 5, /* of a socket, in addition to its owner */
	/* A recording can have the facts above, on every system. It cannot have these. */
	LACKS_SYSTEMD = 1 << 6,
	LACKS_SECCOMP = 1 << 7,
	LACKS_SERVICES = 1 << 8, /* of Windows */
	LACKS_FOR_GOOD = LACKS_SYSTEMD | LACKS_SECCOMP | LACKS_SERVICES,
};

/* The reason why a platform's snapshots miss something that the host has, and the remedy, for a person. */
struct platform_limit {
	const char *reason, *remedy;
};

/* Rights that reads need in addition to every process's, in the system's own terms. */
struct platform_rights {
	uint64_t capabilities;
	unsigned calls;
};

struct platform_backend {
	const char *name; /* the label of tcp_exporter_backend_info: "procfs", "replay" */
	unsigned lacks;   /* LACKS_ bits, in addition to the system's: such options do not reach open() */
	/* The name that the system's own tools show, with PID 0, for a socket that no process holds. NULL: no name. */
	const char *nobody;
	/* Opens a platform. Returns 0, or -errno with *error filled and *platform NULL. `options` and its strings
	 * must outlive the platform. */
	int (*open)(struct platform **platform, const struct platform_options *options,
	            struct platform_error *error) MUST_CHECK;
	/* Fills `snapshot`, which must be empty. Returns 0, or -errno with *error filled: -ENOMEM, -EMFILE/-ENFILE,
	 * -EACCES/-EPERM, -ETIMEDOUT, -ECANCELED, others. After an error the snapshot's contents are undefined. The
	 * caller can reset it. */
	int (*read)(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
	            struct platform_error *error) MUST_CHECK;
	void (*close)(struct platform *platform);
	/* Returns the limit of an open platform's snapshots, or NULL without a limit. The pointer itself may be
	 * NULL. */
	const struct platform_limit *(*limit)(const struct platform *platform);
	/* Fills in the rights that later reads need. NULL: none. */
	void (*rights)(struct platform *platform, struct platform_rights *rights);
};

/* The operating system's backends, best first. A NULL ends the list. Every system has replay. */
extern const struct platform_backend *const platform_backends[];
extern const struct platform_backend platform_replay;

/* The name of the operating system, for people, and its LACKS_ bits. */
extern const char *const platform_system;
extern const unsigned platform_lacks;

/* Says that names of processes and files differ by more than the case of their letters. */
extern const bool platform_names_have_case;

/* Returns the time of a monotonic clock, in nanoseconds. */
uint64_t platform_now_ns(void);

#endif
