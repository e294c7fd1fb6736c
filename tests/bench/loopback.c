/* SPDX-License-Identifier: Apache-2.0 */
/* TCP sockets on loopback: a listener, a client, and the wait for the end of a program's input. */
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* The connection is accepted before the next one is made. */
#define BACKLOG 8

int loopback_reset_on_close(int fd)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 0};

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static struct sockaddr_in ipv4(uint32_t address, unsigned port)
{
	return (struct sockaddr_in){
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(address)};
}

/* A new socket with an option of type int set. Errors close no socket: the caller ends. */
static int make_socket(int level, int option, bool reset_on_close)
{
	const int on = 1;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, level, option, &on, sizeof(on)) < 0)
		return -1;
	return reset_on_close && loopback_reset_on_close(fd) < 0 ? -1 : fd;
}

int loopback_listen(unsigned port, bool reset_on_close)
{
	const struct sockaddr_in address = ipv4(INADDR_LOOPBACK, port);
	const int fd = make_socket(SOL_SOCKET, SO_REUSEADDR, reset_on_close);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
		return -1;
	return fd;
}

int loopback_connect(uint32_t source, unsigned port, bool reset_on_close)
{
	const struct sockaddr_in from = ipv4(source, 0), to = ipv4(INADDR_LOOPBACK, port);
	const int fd = make_socket(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, reset_on_close);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return fd;
}

void wait_for_end_of(int fd)
{
	char ignored[64];
	ssize_t length;

	do {
		length = read(fd, ignored, sizeof(ignored));
	} while (length > 0 || (length < 0 && errno == EINTR));
}
