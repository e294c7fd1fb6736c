/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scene of tests/kernel/run: makes sockets of each kind that the backends must agree on, prints "ready", and holds them
 * until it is killed. The sockets stand still for a minute, the life of a timewait minisocket.
 *
 * Two network namespaces have the same sockets. A kernel without Multipath TCP has none of its sockets.
 *   scene             everything but VRF, as the process "scene"
 *   scene vrf DEVICE  an accept queue in the VRF, as a process with the device's name
 * The connections of two VRFs differ by their device alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/nbd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum {
	PAIRS = 2000, /* held connections: some windows of the BPF programs */
	MINI = 20,    /* timewait minisockets */
	BACKLOG = 2,  /* of the accept queue that is full */
	ROOM = 100,   /* of the accept queue that fills */
	WAITING = 5,
	KERNEL_PORT = 4420, /* of the kernel's own listener, which init makes */
};

static const char vrf_address[] = "10.9.0.1"; /* of each VRF */

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "scene: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int checked(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static struct sockaddr_in6 loopback(int family, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (family == AF_INET6)
		address.sin6_addr = in6addr_loopback;
	else
		*(struct sockaddr_in *)&address = (struct sockaddr_in){
		        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return address;
}

static int listen_on(int family, int protocol, uint16_t port, int backlog)
{
	const struct sockaddr_in6 address = loopback(family, port);
	int fd = checked(socket(family, SOCK_STREAM, protocol), "socket");

	checked(bind(fd, (const struct sockaddr *)&address, sizeof(address)), "bind");
	checked(listen(fd, backlog), "listen");
	return fd;
}

/* A connection that is not complete yet is fine. */
static int connect_to(int family, int protocol, uint16_t port, int flags)
{
	const struct sockaddr_in6 address = loopback(family, port);
	int fd = checked(socket(family, SOCK_STREAM | flags, protocol), "socket");

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 && errno != EINPROGRESS)
		die("connect");
	return fd;
}

static void wait_for_end(int fd)
{
	char bytes[512];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void make_held(int family, uint16_t port)
{
	int listener = listen_on(family, 0, port, PAIRS);

	for (int i = 0; i < PAIRS / 2; i++) {
		int client = connect_to(family, 0, port, 0);

		checked(accept(listener, NULL, NULL), "accept");
		if (i % 10 == 0) {
			checked((int)write(client, "unread", 6), "write");
			checked(shutdown(client, SHUT_WR), "shutdown"); /* CLOSE_WAIT and FIN_WAIT2 */
		}
	}
}

/* TIME_WAIT, and orphaned sockets in FIN_WAIT2, FIN_WAIT1 and LAST_ACK. */
static void make_closed(int family, uint16_t port)
{
	static const char bytes[4096];
	int listener = listen_on(family, 0, port, ROOM);

	for (int i = 0; i < MINI; i++) {
		int client = connect_to(family, 0, port, 0), server = checked(accept(listener, NULL, NULL), "accept");

		close(client);
		wait_for_end(server);
		if (i % 2 == 0)
			close(server); /* otherwise the client stays in FIN_WAIT2 */
	}
	for (int i = 0; i < 2; i++) {
		int client = connect_to(family, 0, port, SOCK_NONBLOCK);
		int server = checked(accept(listener, NULL, NULL), "accept");

		while (write(client, bytes, sizeof(bytes)) > 0)
			;
		if (i == 1) {
			checked(shutdown(server, SHUT_WR), "shutdown");
			wait_for_end(client);
		}
		close(client);
	}
}

/* An accept queue that is full, with clients that still ask for a connection, and one that fills. */
static void make_waiting(int family, uint16_t port)
{
	listen_on(family, 0, port, BACKLOG);
	for (int i = 0; i < 3 * BACKLOG; i++)
		connect_to(family, 0, port, SOCK_NONBLOCK);
	listen_on(family, 0, (uint16_t)(port + 1), ROOM);
	for (int i = 0; i < WAITING; i++) {
		int client = connect_to(family, 0, (uint16_t)(port + 1), 0);

		if (i == 0)
			close(client); /* CLOSE_WAIT, and not accepted */
	}
}

/* SYN_RECV: the listener's request sockets wait for the first data of their clients. */
static void make_requests(uint16_t port)
{
	int listener = listen_on(AF_INET, 0, port, ROOM), seconds = 100;

	checked(setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)), "TCP_DEFER_ACCEPT");
	for (int i = 0; i < WAITING; i++)
		connect_to(AF_INET, 0, port, 0);
}

/* Sockets whose only reference is a message that nobody has received. */
static void make_in_flight(uint16_t port)
{
	int listener = listen_on(AF_INET, 0, port, ROOM), pair[2];
	char byte = 'x', room[CMSG_SPACE(2 * sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {
	        .msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	int fds[2] = {connect_to(AF_INET, 0, port, 0), checked(accept(listener, NULL, NULL), "accept")};

	checked(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(control), fds, sizeof(fds));
	checked((int)sendmsg(pair[0], &message, 0), "sendmsg");
	close(fds[0]);
	close(fds[1]);
}

static void make_multipath(uint16_t port)
{
	int listener, fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd < 0) {
		printf("no Multipath TCP here: %s\n", strerror(errno));
		return;
	}
	close(fd);
	listener = listen_on(AF_INET, IPPROTO_MPTCP, port, ROOM);
	for (int i = 0; i < WAITING; i++) {
		connect_to(AF_INET, IPPROTO_MPTCP, port, 0);
		checked(accept(listener, NULL, NULL), "accept");
	}
}

/* A connection that its process gave to the kernel, as nbd-client does: no descriptor is left, and the kernel holds the
 * file. */
static void make_given_to_the_kernel(uint16_t port)
{
	int disk = checked(open("/dev/nbd0", O_RDWR), "/dev/nbd0");
	int listener = listen_on(AF_INET, 0, port, ROOM), fd = connect_to(AF_INET, 0, port, 0);

	checked(accept(listener, NULL, NULL), "accept");
	checked(ioctl(disk, NBD_SET_SOCK, fd), "NBD_SET_SOCK");
	close(fd);
}

static int socket_of_vrf(const char *device, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = checked(socket(AF_INET, SOCK_STREAM, 0), "socket"), yes = 1;

	inet_pton(AF_INET, vrf_address, &address.sin_addr);
	checked(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), "SO_REUSEADDR");
	checked(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)), "SO_BINDTODEVICE");
	checked(bind(fd, (const struct sockaddr *)&address, sizeof(address)), "bind");
	return fd;
}

static void make_vrf(const char *device, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	checked(prctl(PR_SET_NAME, device), "PR_SET_NAME");
	inet_pton(AF_INET, vrf_address, &address.sin_addr);
	checked(listen(socket_of_vrf(device, port), ROOM), "listen");
	for (uint16_t i = 1; i <= WAITING; i++)
		checked(connect(socket_of_vrf(device, (uint16_t)(port + i)), (const struct sockaddr *)&address,
		                sizeof(address)),
		        "connect");
}

/* Brings up the loopback interface of a new namespace. */
static void set_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	checked(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
	close(fd);
}

static void make_all(void)
{
	make_held(AF_INET, 1000);
	make_held(AF_INET6, 1001);
	make_waiting(AF_INET, 1010);
	make_waiting(AF_INET6, 1020);
	make_requests(1030);
	make_in_flight(1040);
	make_multipath(1050);
	make_closed(AF_INET, 1060); /* last: these do not stay */
	make_closed(AF_INET6, 1061);
}

/* Makes the sockets of two namespaces. The kernel has sockets of its own in the first. */
static void make_namespaces(void)
{
	int done[2];
	char byte;

	checked(pipe(done), "pipe");
	if (checked(fork(), "fork") == 0) {
		checked(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
		checked(unshare(CLONE_NEWNET), "unshare");
		set_up_loopback();
		make_all();
		checked((int)write(done[1], "x", 1), "write");
		pause();
	}
	checked(read(done[0], &byte, 1) == 1 ? 0 : -1, "the other namespace");
	connect_to(AF_INET, 0, KERNEL_PORT, 0);
	make_given_to_the_kernel(1055);
	make_all();
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "vrf") == 0)
		make_vrf(argv[2], 1070);
	else
		make_namespaces();
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
