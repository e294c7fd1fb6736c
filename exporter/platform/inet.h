/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses: the system's headers for them, and the type of its sockets. The functions have the same names on
 * every system. */
#ifndef EXPORTER_PLATFORM_INET_H
#define EXPORTER_PLATFORM_INET_H

#ifdef _WIN32
#include <winsock2.h>

#include <ws2tcpip.h>
typedef SOCKET inet_socket;
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
typedef int inet_socket;
#endif

#endif
