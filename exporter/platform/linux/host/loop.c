/* SPDX-License-Identifier: Apache-2.0 */
/* Event loop probe: checks that a loop runs, by a connection that the loop must close. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/platform/host.h"

/* Timeout of the probe. An iteration of the loop needs less than a thousandth of it: the collector does the slow work.
 */
enum { LOOP_TURN_MS = 5000 };

/* Returns true if the peer closes in time. Discards the bytes that the peer sends first, such as a TLS alert. */
static bool wait_for_close(int socket)
{
	const uint64_t deadline_ns = platform_now_ns() + LOOP_TURN_MS * UINT64_C(1000000);
	struct pollfd wait = {.fd = socket, .events = POLLIN};
	char bytes[256];

	while (platform_now_ns() < deadline_ns) {
		ssize_t got;

		if (poll(&wait, 1, LOOP_TURN_MS) <= 0)
			continue;
		got = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
			return true;
	}
	return false;
}

bool host_loop_alive(bool (*take)(void *data, int socket), void *data)
{
	int pair[2];
	bool alive;

	/* The probe has no descriptors. The scrape connections keep theirs, so the loop counts as alive. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return true;
	alive = !take(data, pair[1]) || (shutdown(pair[0], SHUT_WR) == 0 && wait_for_close(pair[0]));
	close(pair[0]);
	return alive;
}
