/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parser of recorded snapshots. A recorded snapshot is a text of lines that a person can write too:
 *
 *   tcp_exporter-snapshot 1
 *   facts queues accept_queues close_wait_age shared unreadable drops timers
 *   states established syn_sent ...     every state that the platform could report
 *   unreadable 3                        processes; 0 without the line
 *   shared 2                            sockets with several holders; 0 without the line
 *   time 1000000 2500000                nanoseconds for the sockets, and for the owners
 *   netns 4026531840 32768 60999        id and ephemeral ports, "- -" if they are not known
 *   reserved 8080 9000-9010             ports left out of the ephemeral range; can be repeated
 *   bound 40000 40010-40020             ports of the first namespace that are bound and have no row; can be repeated
 *   process 1234 8812345 name=nginx user=www-data exe=... unit=... container=...
 *   socket listen 0 0 0.0.0.0:80 0.0.0.0:0 queues=0,511 drops=41523,36
 *   socket close_wait 0 0 [fe80:0:0:0:0:0:0:1]:80 -:4711 quiet_ms=30 credited
 *   end
 *
 * A process has a PID, a start and its texts. Only the name is required. In a text, "%", space, and every byte that
 * is not printable ASCII is written %XX. A socket has a state, the number of its owner among the processes (from 0; "-"
 * nobody, "?" not known), the number of its namespace, and its local and remote address ("-": not known) and port.
 * An IPv6 address has all eight groups. Optional words follow in any order: queues=RECEIVE,SEND, quiet_ms=N (not of a
 * listener), drops=IDENTITY,N (of a listener: a number that no other listener has, and its drops), device=N (the index
 * of the interface of a bound socket), v6_only, v4_mapped, credited, retransmitting, zero_window.
 *
 * The title is the first line, and "end" is the last line, so that a truncated file is refused. Namespaces and
 * processes come before the sockets that refer to them. Empty lines and lines that start with "#" are ignored.
 * exporter/cli/record.c writes this format without a loss.
 */
#ifndef EXPORTER_PLATFORM_REPLAY_PARSE_H
#define EXPORTER_PLATFORM_REPLAY_PARSE_H

#include <stddef.h>

#include "exporter/platform/platform.h"
#include "metrics/snapshot.h"

#define REPLAY_TITLE   "tcp_exporter-snapshot"
#define REPLAY_VERSION "1"

/* Names of the bits of snapshot.facts and snapshot_socket.flags. */
struct replay_bit {
	const char *name;
	unsigned bit;
};
enum { REPLAY_FACT_COUNT = 7, REPLAY_FLAG_COUNT = 5 };
extern const struct replay_bit replay_facts[REPLAY_FACT_COUNT];
extern const struct replay_bit replay_flags[REPLAY_FLAG_COUNT];
/* Names of enum process_text. */
extern const char *const replay_texts[PROCESS_TEXT_COUNT];

/* An error in a recorded snapshot. `reason` is a constant. */
struct replay_fault {
	size_t line; /* from 1 */
	const char *reason;
};

/*
 * Reads `length` bytes into an empty snapshot. Returns 0, -EINVAL with *fault filled, -ENOMEM, or the error of
 * deadline_check(). `deadline` can be NULL.
 */
int replay_parse(const char *bytes, size_t length, struct deadline *deadline, struct snapshot *snapshot,
                 struct replay_fault *fault) MUST_CHECK;

#endif
