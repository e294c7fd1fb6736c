/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of POSIX on Windows' sockets, for the tests: numbers of type int, and times as struct timeval. */
#ifndef TESTS_WINDOWS_SYS_SOCKET_H
#define TESTS_WINDOWS_SYS_SOCKET_H

#include <winsock2.h>

#include <ws2tcpip.h>

#define SOCK_CLOEXEC 0
#define MSG_NOSIGNAL 0
#define SHUT_RD      SD_RECEIVE
#define SHUT_WR      SD_SEND
#define SHUT_RDWR    SD_BOTH

int posix_set_option(int socket, int level, int name, const void *value, int size);

#define socket(family, type, protocol)               ((int)socket(family, type, protocol))
#define accept(listener, address, length)            ((int)accept((SOCKET)(listener), address, length))
#define bind(socket, address, length)                bind((SOCKET)(socket), address, length)
#define listen(socket, backlog)                      listen((SOCKET)(socket), backlog)
#define connect(socket, address, length)             connect((SOCKET)(socket), address, length)
#define getsockname(socket, address, length)         getsockname((SOCKET)(socket), address, length)
#define shutdown(socket, how)                        shutdown((SOCKET)(socket), how)
#define send(socket, bytes, length, flags)           send((SOCKET)(socket), bytes, (int)(length), flags)
#define recv(socket, bytes, length, flags)           recv((SOCKET)(socket), bytes, (int)(length), flags)
#define setsockopt(socket, level, name, value, size) posix_set_option(socket, level, name, value, size)

#endif
