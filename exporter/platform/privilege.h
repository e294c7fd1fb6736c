/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Privileges: drops, for good, the rights that the program does not need. The program calls both functions at its
 * start, and does not start if one of them fails: a sandbox that is not there must not seem to be there.
 */
#ifndef EXPORTER_PLATFORM_PRIVILEGE_H
#define EXPORTER_PLATFORM_PRIVILEGE_H

#include <stddef.h>

#include "exporter/platform/platform.h"

/* Keeps those special rights that are in `rights`, drops all others, and prevents new ones. Call while the process
 * has one thread. Writes the kept rights for people ("bpf,perfmon", "none"). Returns 0, or -errno with *error
 * filled. */
int privilege_drop(const struct platform_rights *rights, char *kept, size_t size,
                   struct platform_error *error) MUST_CHECK;

/* Room for the names of every right that a backend needs. */
enum { PRIVILEGE_TEXT_MAX = 128 };

/* Says that this build has a seccomp filter. */
extern const bool privilege_has_seccomp;

/* Restricts all threads of the process to the system calls that serving needs, and those in `rights`. The process
 * can no longer write a file, run a program, start a thread, or create sockets that reads do not need. Returns 0, or
 * -errno with *error filled. */
int privilege_install_seccomp(const struct platform_rights *rights, struct platform_error *error) MUST_CHECK;

#endif
