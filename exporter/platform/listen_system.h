/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets, as far as systems differ: listen.c calls these functions. Each returns a listening socket,
 * non-blocking and not inherited by other programs, or -errno with *error set to "`what`: ", the reason, and nothing
 * else.
 */
#ifndef EXPORTER_PLATFORM_LISTEN_SYSTEM_H
#define EXPORTER_PLATFORM_LISTEN_SYSTEM_H

#include "exporter/platform/inet.h"
#include "exporter/platform/platform.h"

#ifdef _WIN32
#include <afunix.h>
#else
#include <netdb.h>
#include <sys/un.h>
#endif

/* Size of the accept queue: large enough that a burst of other clients does not drop a scraper's SYN. */
enum { LISTEN_BACKLOG = 1024 };

/* Listens on an address. The IPv6 wildcard accepts IPv4 too, as in other exporters. */
int listen_on(const struct sockaddr *address, socklen_t length, const char *what,
              struct platform_error *error) MUST_CHECK;

/* Listens on a Unix socket, and replaces the file of a program that has ended. */
int listen_on_path(const char *path, const char *what, struct platform_error *error) MUST_CHECK;

/* Sets the error to the text of getaddrinfo()'s error. Returns -errno. */
int listen_unresolved(int failed, const char *what, struct platform_error *error) MUST_CHECK;

/* Returns the number of the interface, or 0 if it has no such name. */
unsigned listen_zone_by_name(const char *name);

#endif
