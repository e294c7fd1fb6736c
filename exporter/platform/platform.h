/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between the exporter and an operating system: open a backend, read snapshots, close it.
 *
 * Contract of every backend
 *  - read() fills an empty snapshot with the whole TCP table, or fails: never a table cut short.
 *    Retries are bounded. A process that exits or execs during the read costs at most its own
 *    attribution.
 *  - A backend decides who holds a socket; it neither credits unheld sockets to listeners nor
 *    counts anything by label. It never sees a metric's name.
 *  - A backend is used by one thread at a time. It neither logs nor exits: it describes a failure in
 *    platform_error and returns.
 *  - read() asks deadline_check() often enough to return within 100 ms of it, a blocked system
 *    call aside.
 */
#ifndef EXPORTER_PLATFORM_PLATFORM_H
#define EXPORTER_PLATFORM_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* What a snapshot should hold beyond the rows and their owners' names. */
enum {
	WANT_USER = 1 << 0,
	WANT_EXE = 1 << 1,
	WANT_UNIT = 1 << 2,
	WANT_CONTAINER = 1 << 3,
	WANT_REMOTE_ADDRESSES = 1 << 4,
	WANT_SHARED = 1 << 5, /* count the sockets with several holders: needs the whole walk */
	WANT_CLOSE_WAIT_AGE = 1 << 6,
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
};

/* A failure in words for a person: what failed first, the subject quoted, no full stop. */
struct platform_error {
	char text[256];
};
void platform_error_set(struct platform_error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* How long a read may take: shared with the threads that wait for it. */
struct deadline {
	_Atomic uint64_t expires_ns; /* of platform_now_ns(); UINT64_MAX: none */
	atomic_bool cancelled;       /* the program is to end */
};
/* 0, -ETIMEDOUT past the deadline, or -ECANCELED. */
int deadline_check(struct deadline *deadline) MUST_CHECK;

struct platform;

/* What there is none of on a backend's system, or none that can be read: whoever asks for it is to be told. */
enum {
	LACKS_PROCFS = 1 << 0,
	LACKS_NETNS = 1 << 1,
	LACKS_CONTAINERS = 1 << 2,
	LACKS_ARGUMENTS = 1 << 3, /* of processes */
};

/* Why a platform's snapshots have less than the host has, and what helps, for a person. */
struct platform_limit {
	const char *reason, *remedy;
};

/* What reads need besides what every process may, in the system's own terms. */
struct platform_rights {
	uint64_t capabilities;
	unsigned calls;
};

struct platform_backend {
	const char *name; /* the label of tcp_exporter_backend_info: "procfs", "replay" */
	unsigned lacks;   /* LACKS_ bits: such options do not reach open() */
	/* Whom the system's own tools show, with PID 0, for a socket that no process holds; NULL: nobody. */
	const char *nobody;
	/* 0 and an open platform, or -errno with *error filled; *platform is then NULL.
	 * `options` and its strings must outlive the platform. */
	int (*open)(struct platform **platform, const struct platform_options *options,
	            struct platform_error *error) MUST_CHECK;
	/* Fills `snapshot`, which is empty. 0, or -errno with *error filled: -ENOMEM, -EMFILE/-ENFILE,
	 * -EACCES/-EPERM, -ETIMEDOUT, -ECANCELED, others. The snapshot's contents are then undefined but may be reset.
	 */
	int (*read)(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
	            struct platform_error *error) MUST_CHECK;
	void (*close)(struct platform *platform);
	/* Returns what limits the snapshots of an open platform; NULL: nothing. The pointer itself may be NULL. */
	const struct platform_limit *(*limit)(const struct platform *platform);
	/* Fills in what the reads to come need; NULL: nothing. */
	void (*rights)(struct platform *platform, struct platform_rights *rights);
};

/* The operating system's backends, best first; ends with a NULL. Replay is among them on every system. */
extern const struct platform_backend *const platform_backends[];
extern const struct platform_backend platform_replay;

/* A monotonic clock, in nanoseconds. */
uint64_t platform_now_ns(void);

#endif
