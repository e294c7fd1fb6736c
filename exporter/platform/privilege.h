/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up, for good, what the program may do and does not need. Both functions belong to its start, and that one of
 * them fails is a reason not to start: nothing is worse than to be believed sandboxed.
 */
#ifndef EXPORTER_PLATFORM_PRIVILEGE_H
#define EXPORTER_PLATFORM_PRIVILEGE_H

#include <stddef.h>

#include "exporter/platform/platform.h"

/* Keeps of the special rights that the process has those in `rights`, and sees to it that it gets no new ones. To be
 * called while there is one thread. Writes which it keeps, for people ("bpf,perfmon", "none"). 0, or -errno with
 * *error filled. */
int privilege_drop(const struct platform_rights *rights, char *kept, size_t size,
                   struct platform_error *error) MUST_CHECK;

/* Room for the names of every right that a backend needs. */
enum { PRIVILEGE_TEXT_MAX = 128 };

/* Whether this build has the following. */
extern const bool privilege_has_seccomp;

/* From now on all threads of the process can do what serving takes, and what is in `rights`, and else nothing: write
 * no file, run no program, make no sockets but those of reads, start no thread. 0, or -errno with *error filled. */
int privilege_install_seccomp(const struct platform_rights *rights, struct platform_error *error) MUST_CHECK;

#endif
