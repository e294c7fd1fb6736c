/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for the tests of the BPF programs, and what is seen of them. */
#include "bpf_sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

void enter_empty_network(void)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(system("ip link set lo up"), 0);
}

uint16_t port_of(int fd)
{
	struct sockaddr_in6 address; /* sin_port is in the same place */
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin6_port);
}

int listen_on(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	assert_true(fd >= 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)), 0);
	assert_int_equal(listen(fd, BACKLOG), 0);
	return fd;
}

void add_seen(struct seen *seen, const struct window_row *row)
{
	assert_in_range(seen->count, 0, SEEN_MAX - 1);
	seen->rows[seen->count++] = *row;
}

const struct window_row *only_row(const struct seen *seen, int tcp_state, int family, uint16_t port)
{
	const struct window_row *found = NULL;

	for (size_t i = 0; i < seen->count; i++) {
		const struct window_row *row = &seen->rows[i];

		if (row->state != tcp_state || row->family != family || row->local_port != port)
			continue;
		assert_null(found);
		found = row;
	}
	assert_non_null(found);
	return found;
}
