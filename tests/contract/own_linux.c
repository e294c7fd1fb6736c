/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the test's own process on Linux. */
#include "own.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/platform/platform.h"

const char *own_name(void)
{
	static const char name[] = "a \"b\"\\\n\xff)"; /* not UTF-8, with bytes that formats must escape */

	assert_int_equal(prctl(PR_SET_NAME, name), 0);
	return name;
}

uint32_t own_pid(void)
{
	return (uint32_t)getpid();
}

unsigned own_facts(void)
{
	return FACT_QUEUES | FACT_ACCEPT_QUEUES | FACT_UNREADABLE | FACT_CLOSE_WAIT_AGE | FACT_SHARED | FACT_DROPS |
	       FACT_TIMERS;
}

static void wait_for_state(int fd, int state)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	for (int tries = 0; tries < 500; tries++) {
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
		if (info.tcpi_state == state)
			return;
		usleep(10000);
	}
	fail_msg("still in state %d, not in %d", info.tcpi_state, state);
}

void own_wait_for_close(int client, int server)
{
	wait_for_state(server, TCP_CLOSE_WAIT);
	wait_for_state(client, TCP_FIN_WAIT2);
}

bool own_shows_made(int socket)
{
	(void)socket;
	return true;
}

bool own_shows_accepted(int socket)
{
	(void)socket;
	return true;
}

void own_close(int socket)
{
	close(socket);
}
