/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the BPF programs share: sockets in a network of their own, and the rows that were seen of them. */
#ifndef TESTS_CONTRACT_BPF_SOCKETS_H
#define TESTS_CONTRACT_BPF_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "exporter/platform/linux/bpf/iterator.h"

enum { SEEN_MAX = 16 * WINDOW_ROWS, BACKLOG = 7 };

struct seen {
	struct window_row rows[SEEN_MAX];
	size_t count;
	unsigned windows;
};

/* This process alone, and a loopback device, which is up. */
void enter_empty_network(void);

/* A listener at a port of the kernel's choice; if it is of IPv6, then of IPv6 alone. */
int listen_on(int family);
uint16_t port_of(int fd);

void add_seen(struct seen *seen, const struct window_row *row);
/* IPv4 and IPv6 may have chosen the same port. */
const struct window_row *only_row(const struct seen *seen, int tcp_state, int family, uint16_t port);

/* Another network namespace, in which a process holds a listener and connections to it. */
struct other_netns {
	uint16_t port; /* the listener's */
	int pid, end;  /* the process, and a pipe: it ends when that is closed */
};

/* `ehash_entries` is for net.ipv4.tcp_child_ehash_entries: "0" for the table that all namespaces share. */
void make_other_network(struct other_netns *other, const char *ehash_entries, int connections);
void end_other_network(struct other_netns *other);

#endif
