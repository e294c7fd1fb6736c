/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sock_diag: dumps the TCP sockets of the calling thread's network namespace over NETLINK_SOCK_DIAG (sock_diag(7)).
 * Needs no privilege.
 */
#ifndef EXPORTER_PLATFORM_LINUX_NETLINK_SOCK_DIAG_H
#define EXPORTER_PLATFORM_LINUX_NETLINK_SOCK_DIAG_H

#include "exporter/platform/linux/netlink/inet_diag.h"
#include "exporter/platform/platform.h"

/* The kernel's states are numbered from 1 (include/net/tcp_states.h): bit N is state N. */
#define SOCK_DIAG_ALL_STATES 0xfffu
#define SOCK_DIAG_CLOSE_WAIT (1u << 8)
#define SOCK_DIAG_LISTEN     (1u << 10)
/* Sockets that are bound, but neither listen nor are connected; their rows are in state TCP_CLOSE. Since Linux 6.8:
 * older kernels know no state 13, and dump none (inet_diag_dump_icsk() in net/ipv4/inet_diag.c). */
#define SOCK_DIAG_BOUND (1u << 13)
/* The kernel checks a filter in time that grows with its square, and refuses one above 64 KiB. A
 * dump without a filter is no slower than one with more ports than this. */
#define SOCK_DIAG_PORTS_MAX 64

struct sock_diag {
	void *buffer;     /* one datagram */
	bool no_one_walk; /* the kernel refused the request that dumps both families in one walk */
	uint32_t sequence;
};

struct sock_diag_request {
	unsigned states; /* which to dump */
	bool tcp_info;   /* rows have quiet_ms; costs a quarter more time a row */
	/* If not empty: dump only sockets with one of these local ports, in host byte order. With more than
	 * SOCK_DIAG_PORTS_MAX ports the dump is of every port. */
	const uint16_t *ports;
	size_t port_count;
};

/* A consumer of rows. `restart` forgets the rows of a failed attempt. Both return 0 or -errno. */
struct sock_diag_rows {
	int (*row)(void *data, const struct inet_diag_row *row);
	int (*restart)(void *data);
	void *data;
};

/* Prepares *diag. Returns 0 or -ENOMEM. */
int sock_diag_init(struct sock_diag *diag) MUST_CHECK;
void sock_diag_release(struct sock_diag *diag);

/*
 * Dumps the sockets and hands every socket's row to `rows`. Rows of listeners have drops. Repeats a dump that lost a
 * datagram, a bounded number of times. Returns 0, or -errno with *error filled: -ENOBUFS (datagrams were lost each
 * time), -ETIMEDOUT, -ECANCELED, the consumer's own, others of socket(2) and recv(2).
 */
int sock_diag_dump(struct sock_diag *diag, const struct sock_diag_request *request, struct deadline *deadline,
                   const struct sock_diag_rows *rows, struct platform_error *error) MUST_CHECK;

#endif
