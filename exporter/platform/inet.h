/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses: the system's headers for them. The functions have the same names on every system. */
#ifndef EXPORTER_PLATFORM_INET_H
#define EXPORTER_PLATFORM_INET_H

#ifdef _WIN32
#include <winsock2.h>

#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

#endif
