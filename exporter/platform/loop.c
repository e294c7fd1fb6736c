/* SPDX-License-Identifier: Apache-2.0 */
/* Event loop probe: checks that a loop runs, by a connection that the loop must close. */
#include <errno.h>

#include "exporter/platform/host.h"
#include "exporter/platform/socket.h"

/* Timeout of the probe. An iteration of the loop needs less than a thousandth of it: the collector does the slow work.
 */
enum { LOOP_TURN_MS = 5000 };

/* Returns true if the peer closes in time. Discards the bytes that the peer sends first, such as a TLS alert. */
static bool wait_for_close(int socket)
{
	const uint64_t deadline_ns = platform_now_ns() + LOOP_TURN_MS * UINT64_C(1000000);
	struct pollfd wait = poll_entry(socket, POLLIN);
	char bytes[256];

	while (platform_now_ns() < deadline_ns) {
		ssize_t got;

		if (host_poll(&wait, 1, LOOP_TURN_MS) <= 0)
			continue;
		got = host_receive(socket, bytes, sizeof(bytes));
		if (got <= 0 && got != -EAGAIN)
			return true;
	}
	return false;
}

bool host_loop_alive(bool (*take)(void *data, int socket), void *data)
{
	int pair[2];
	bool alive;

	/* The probe has no descriptors. The scrape connections keep theirs, so the loop counts as alive. */
	if (host_socket_pair(pair, 0) != 0)
		return true;
	alive = !take(data, pair[1]) || (host_end_sending(pair[0]) == 0 && wait_for_close(pair[0]));
	host_close_socket(pair[0]);
	return alive;
}
