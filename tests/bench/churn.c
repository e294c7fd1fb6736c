/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes TCP connections at a steady rate, both ends in this process, until its standard input ends. */
#include "loopback.h"

#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Source addresses are 127.2.x.y in turn, so that TIME_WAIT does not use up the ports of one address. */
#define FIRST_SOURCE 0x7f020001u
#define SOURCES      0xfffeu
#define PORT         1999u
/* By default one of this many connections is closed by FIN and leaves a TIME_WAIT for a minute; the others are reset.
 */
#define RESET_RUN 10u
/* Number of open connections: a new connection closes the oldest. */
#define OPEN 256u
/* The rate is controlled in steps of this length. */
#define STEP_NS       5000000ull
#define NS_PER_SECOND 1000000000ull

struct pair {
	int client, server;
};

static const char usage[] = "usage: churn --rate CONNECTIONS_PER_SECOND [--reset-run N]\n"
                            "One of N connections is closed by FIN, the others are reset; 0: all are reset.\n"
                            "Prints \"ready\", then at the end of its standard input how many it has opened.\n";

static int fail(const char *what)
{
	perror(what);
	return -1;
}

static int open_pair(int listener, uint64_t number, struct pair *pair)
{
	pair->client = loopback_connect(FIRST_SOURCE + (uint32_t)(number % SOURCES), PORT, false);
	if (pair->client < 0)
		return fail("connect");
	pair->server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return pair->server >= 0 ? 0 : fail("accept");
}

static int close_pair(const struct pair *pair, bool resets)
{
	if (pair->client == 0)
		return 0; /* never opened: 0 is standard input */
	if (resets && loopback_reset_on_close(pair->client) < 0)
		return fail("setsockopt");
	close(pair->client);
	close(pair->server);
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static bool input_ended(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, 0) > 0;
}

static int churn(int listener, uint64_t rate, uint64_t reset_run)
{
	static struct pair pairs[OPEN];
	const struct timespec step = {.tv_nsec = STEP_NS};
	uint64_t begin = now_ns(), done = 0;

	while (!input_ended()) {
		uint64_t due = (now_ns() - begin) * rate / NS_PER_SECOND;

		for (; done < due; done++) {
			struct pair *oldest = &pairs[done % OPEN];

			if (close_pair(oldest, reset_run == 0 || done % reset_run != 0) != 0 ||
			    open_pair(listener, done, oldest) != 0)
				return -1;
		}
		nanosleep(&step, NULL);
	}
	printf("%llu\n", (unsigned long long)done);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"rate", required_argument, NULL, 'r'},
	                                        {"reset-run", required_argument, NULL, 'R'},
	                                        {NULL, 0, NULL, 0}};
	unsigned long rate = 0, reset_run = RESET_RUN;
	int listener, letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) == 'r' || letter == 'R')
		*(letter == 'r' ? &rate : &reset_run) = strtoul(optarg, NULL, 10);
	if (letter != -1 || rate == 0 || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	listener = loopback_listen(PORT, false);
	if (listener < 0) {
		perror("listen");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	return churn(listener, rate, reset_run) != 0;
}
