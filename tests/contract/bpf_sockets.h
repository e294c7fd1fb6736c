/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture of the tests of the BPF programs: sockets in a network namespace of their own, and the rows of a walk. */
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

/* Enters a network namespace that has only a loopback device, which is up. */
void enter_empty_network(void);

/* Returns a listener on a port that the kernel chooses. An IPv6 listener is IPv6-only. */
int listen_on(int family);
uint16_t port_of(int fd);

/* A connection between two sockets of this process. */
struct pair {
	int client, server;
	uint16_t port; /* the client's */
};

/* Connects two sockets. An IPv6 socket connects to ::1, or to a mapped address. */
struct pair make_pair(int family, int protocol, bool mapped);

/* Returns the number of this process's LRU maps, and their size. */
unsigned count_maps(unsigned long *size);

void add_seen(struct seen *seen, const struct window_row *row);
/* Returns the only row with these values. IPv4 and IPv6 listeners can have the same port. */
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
