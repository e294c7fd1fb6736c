/* SPDX-License-Identifier: Apache-2.0 */
/* Creates the TCP sockets of a measurement: processes with a listener each and both ends of their connections. */
#include "loopback.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Connections per source address: fewer than half of the narrowest usual ephemeral range (28,232 ports), because
 * connect() prefers ports of one parity and is slow without a free one. */
#define CONNECTIONS_PER_SOURCE 12000u
/* Source addresses are 127.1.x.y. */
#define FIRST_SOURCE 0x7f010001u
#define SOURCES_MAX  0xfffeu
/* Standard streams, two pipes, the listener, and what a sanitizer or profiler opens. */
#define OTHER_DESCRIPTORS 32u
/* Below any usual ephemeral range, so that no connection uses the port of a listener. */
#define DEFAULT_FIRST_PORT 2000u

struct load {
	unsigned processes, connections, half_closed, first_port;
};

static const char usage[] =
        "usage: load --processes N --connections C [--half-closed PERCENT] [--first-port PORT]\n"
        "N processes, each with one listener and C connections to it with both ends in the process: N x (2 C + 1) "
        "sockets.\n"
        "PERCENT of the connections are half-closed: FIN_WAIT2 at the client's end, CLOSE_WAIT at the server's.\n"
        "Prints \"ready SOCKETS\" when all are made, and ends at the end of its standard input.\n";

static unsigned sockets_of_process(const struct load *load)
{
	return 2 * load->connections + 1;
}

/* Returns true for `percent` of 100 connection numbers, evenly spread. */
static bool is_chosen(unsigned number, unsigned percent)
{
	return (uint64_t)(number + 1) * percent / 100 != (uint64_t)number * percent / 100;
}

/* The end of the process closes the descriptors. */
static int make_sockets(const struct load *load, unsigned port)
{
	const int listener = loopback_listen(port, true);

	if (listener < 0)
		return -1;
	for (unsigned i = 0; i < load->connections; i++) {
		const int client = loopback_connect(FIRST_SOURCE + i / CONNECTIONS_PER_SOURCE, port, true);

		if (client < 0 || accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
			return -1;
		if (is_chosen(i, load->half_closed) && shutdown(client, SHUT_WR) < 0)
			return -1;
	}
	return 0;
}

/* Runs one process of the load: writes a byte to `report` once its sockets exist, and ends with `control`. */
static _Noreturn void be_process(const struct load *load, unsigned number, pid_t parent, int report, int control)
{
	char name[16]; /* TASK_COMM_LEN */

	snprintf(name, sizeof(name), "load-%u", number);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NAME, name) < 0 || getppid() != parent)
		_exit(1);
	if (make_sockets(load, load->first_port + number) < 0) {
		fprintf(stderr, "load: process %u: %s\n", number, strerror(errno));
		_exit(1);
	}
	if (write(report, "+", 1) != 1)
		_exit(1);
	close(report);
	wait_for_end_of(control);
	_exit(0);
}

/* Returns the number of processes that reported before all had reported or ended. */
static unsigned count_reports(int report)
{
	unsigned count = 0;
	char bytes[256];
	ssize_t length;

	while ((length = read(report, bytes, sizeof(bytes))) != 0) {
		if (length > 0)
			count += (unsigned)length;
		else if (errno != EINTR)
			break;
	}
	return count;
}

static int start_processes(const struct load *load, int report[2], int control[2])
{
	const pid_t self = getpid();

	for (unsigned i = 0; i < load->processes; i++) {
		const pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (pid == 0) {
			close(report[0]);
			close(control[1]);
			be_process(load, i, self, report[1], control[0]);
		}
	}
	return 0;
}

static int run(const struct load *load)
{
	int report[2], control[2];
	int result = 0;

	if (pipe(report) < 0 || pipe(control) < 0 || start_processes(load, report, control) < 0) {
		fprintf(stderr, "load: cannot start the processes: %s\n", strerror(errno));
		return 1; /* the started processes end with this one */
	}
	close(report[1]);
	close(control[0]);
	if (count_reports(report[0]) == load->processes) {
		printf("ready %llu\n", (unsigned long long)load->processes * sockets_of_process(load));
		fflush(stdout);
		wait_for_end_of(STDIN_FILENO);
	} else {
		fprintf(stderr, "load: not every process could make its sockets\n");
		result = 1;
	}
	close(control[1]);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return result;
}

static int raise_descriptor_limit(const struct load *load)
{
	const uint64_t need = (uint64_t)sockets_of_process(load) + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	if (need > limit.rlim_max) {
		fprintf(stderr,
		        "load: %u connections need %llu descriptors a process, the hard limit is %llu: use more "
		        "processes\n",
		        load->connections, (unsigned long long)need, (unsigned long long)limit.rlim_max);
		return -1;
	}
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static bool parse_number(const char *text, unsigned min, unsigned max, unsigned *number)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
		return false;
	*number = (unsigned)value;
	return true;
}

static bool parse(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
	        {"processes", required_argument, NULL, 'p'},
	        {"connections", required_argument, NULL, 'c'},
	        {"half-closed", required_argument, NULL, 'h'},
	        {"first-port", required_argument, NULL, 'f'},
	        {NULL, 0, NULL, 0},
	};
	bool good = true;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			good = good && parse_number(optarg, 1, UINT16_MAX, &load->processes);
		else if (option == 'c')
			good = good &&
			       parse_number(optarg, 1, SOURCES_MAX * CONNECTIONS_PER_SOURCE, &load->connections);
		else if (option == 'h')
			good = good && parse_number(optarg, 0, 100, &load->half_closed);
		else if (option == 'f')
			good = good && parse_number(optarg, 1, UINT16_MAX, &load->first_port);
		else
			good = false;
	}
	return good && optind == argc && load->processes > 0 && load->connections > 0 &&
	       load->first_port + load->processes - 1 <= UINT16_MAX;
}

int main(int argc, char **argv)
{
	struct load load = {.first_port = DEFAULT_FIRST_PORT};

	if (!parse(&load, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || raise_descriptor_limit(&load) < 0)
		return 1;
	return run(&load);
}
