/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the notes about closed connections: who closed a connection owns it, in every state and family, after the
 * end of the process too, whether the kernel's tables are walked or dumped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf_sockets.h"
#include "exporter/platform/linux/bpf/unheld_sockets.h"
#include "exporter/platform/linux/procfs/netns.h"

#define CLOSER "closer"
enum { TRIES = 1000, TRY_MS = 10 };

/* Reads with one variant of the programs. The last one dumps the sockets that no process holds. */
struct reading {
	struct bpf_iterator iterator;
	struct held_sockets held;
	struct unheld_sockets unheld;
	struct snapshot snapshot;
};

static const struct platform_options options = {.procfs = "/proc", .want = WANT_CLOSED_OWNERS};
static int procfs;

static void begin_reading(struct reading *reading, enum bpf_variant variant)
{
	const struct bpf_iterator_options settings = {.variant = variant, .closed_owners = true};
	struct platform_error error = {{0}};

	memset(reading, 0, sizeof(*reading));
	snapshot_init(&reading->snapshot);
	held_sockets_init(&reading->held, &options);
	assert_int_equal(unheld_sockets_init(&reading->unheld, procfs, &reading->held, &reading->iterator), 0);
	if (bpf_iterator_init(&reading->iterator, &settings, &error) != 0)
		fail_msg("%s", error.text);
}

static void end_reading(struct reading *reading)
{
	bpf_iterator_release(&reading->iterator);
	held_sockets_release(&reading->held);
	unheld_sockets_release(&reading->unheld);
	snapshot_release(&reading->snapshot);
}

static void read_sockets(struct reading *reading)
{
	const struct bpf_iterator_sink sink = {.rows = held_sockets_add, .data = &reading->held};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	uint32_t own;

	unheld_sockets_begin(&reading->unheld);
	snapshot_reset(&reading->snapshot);
	assert_int_equal(netns_add_current(procfs, netns_current_id(procfs), &reading->snapshot, &own), 0);
	assert_int_equal(held_sockets_begin(&reading->held, &reading->snapshot), 0);
	if (bpf_iterator_walk_files(&reading->iterator, &deadline, &sink, &error) != 0 ||
	    unheld_sockets_read(&reading->unheld, &deadline, &error) != 0)
		fail_msg("%s", error.text);
}

/* Reads until a socket with one of two local ports is in that state. A delayed acknowledgement can make it late. */
static const struct snapshot_socket *await_socket(struct reading *reading, enum socket_state state, uint16_t local_port,
                                                  uint16_t other_port)
{
	for (int i = 0; i < TRIES; i++) {
		const struct snapshot *snapshot = &reading->snapshot;

		read_sockets(reading);
		for (size_t j = 0; j < snapshot->socket_count; j++) {
			const struct snapshot_socket *socket = &snapshot->sockets[j];

			if (socket->state == state &&
			    (socket->local_port == local_port || socket->local_port == other_port))
				return socket;
		}
		poll(NULL, 0, TRY_MS);
	}
	fail_msg("no socket in %s", state_name(state));
	return NULL;
}

static void expect_process(const struct snapshot *snapshot, uint32_t owner, int pid, const char *name)
{
	struct snapshot_text text;

	assert_in_range(owner, 0, snapshot->process_count - 1);
	assert_int_equal(snapshot->processes[owner].pid, pid);
	text = snapshot->processes[owner].text[PROCESS_NAME];
	assert_int_equal(text.length, strlen(name));
	assert_memory_equal(snapshot_text(snapshot, text), name, text.length);
}

static void expect_owner(struct reading *reading, enum socket_state state, uint16_t local_port, int pid,
                         const char *name)
{
	expect_process(&reading->snapshot, await_socket(reading, state, local_port, local_port)->owner, pid, name);
}

/* Closes the clients in a process of its own, which then ends. Returns its pid. */
static int close_clients(const struct pair *pairs, size_t count)
{
	int end[2], pid;
	char byte;

	assert_int_equal(pipe(end), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(end[1]);
		prctl(PR_SET_NAME, CLOSER);
		_exit(read(end[0], &byte, sizeof(byte)) != 0);
	}
	for (size_t i = 0; i < count; i++)
		close(pairs[i].client); /* the other process still has it */
	close(end[0]);
	close(end[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* Waits for the client's FIN. Then a client's socket is in FIN_WAIT2. */
static void wait_for_end(int server)
{
	char byte;

	assert_int_equal(read(server, &byte, sizeof(byte)), 0);
}

static void each_way(void (*test)(struct reading *reading))
{
	for (int variant = BPF_DIRECTLY; variant < BPF_VARIANT_COUNT; variant++) {
		struct reading reading;

		begin_reading(&reading, (enum bpf_variant)variant);
		test(&reading);
		end_reading(&reading);
	}
}

static void close_each_family(struct reading *reading)
{
	const struct pair pairs[] = {make_pair(AF_INET, 0, false), make_pair(AF_INET6, 0, false),
	                             make_pair(AF_INET6, 0, true)};
	const size_t count = sizeof(pairs) / sizeof(pairs[0]);
	int pid = close_clients(pairs, count);

	for (size_t i = 0; i < count; i++)
		wait_for_end(pairs[i].server);
	for (size_t i = 0; i < count; i++)
		expect_owner(reading, STATE_FIN_WAIT2, pairs[i].port, pid, CLOSER);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(close(pairs[i].server), 0);
	for (size_t i = 0; i < count; i++)
		expect_owner(reading, STATE_TIME_WAIT, pairs[i].port, pid, CLOSER);
}

static void time_wait_and_fin_wait2_of_each_family(void **state)
{
	(void)state;
	each_way(close_each_family);
}

static void fill_queue(int fd)
{
	char bytes[4096] = {0};

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* FIN_WAIT1 ends when the peer reads, and so does LAST_ACK. CLOSING is FIN_WAIT1 with a peer that closed too. */
static void close_with_unsent_data(struct reading *reading)
{
	struct pair pairs[] = {make_pair(AF_INET, 0, false), make_pair(AF_INET, 0, false),
	                       make_pair(AF_INET, 0, false)};
	int pid;

	for (size_t i = 0; i < 3; i++)
		fill_queue(pairs[i].client);
	assert_int_equal(shutdown(pairs[1].server, SHUT_WR), 0);
	wait_for_end(pairs[1].client);
	pid = close_clients(pairs, 3);
	assert_int_equal(shutdown(pairs[2].server, SHUT_WR), 0);
	expect_owner(reading, STATE_FIN_WAIT1, pairs[0].port, pid, CLOSER);
	expect_owner(reading, STATE_LAST_ACK, pairs[1].port, pid, CLOSER);
	expect_owner(reading, STATE_CLOSING, pairs[2].port, pid, CLOSER);
	for (size_t i = 0; i < 3; i++)
		close(pairs[i].server);
}

static void states_of_a_connection_with_unsent_data(void **state)
{
	(void)state;
	each_way(close_with_unsent_data);
}

/* The process that sends the FIN closes the connection. */
static void shut_down_before(struct reading *reading)
{
	const struct pair pair = make_pair(AF_INET6, 0, false);
	char name[16];

	prctl(PR_GET_NAME, name);
	assert_int_equal(shutdown(pair.client, SHUT_WR), 0);
	close_clients(&pair, 1);
	wait_for_end(pair.server);
	expect_owner(reading, STATE_FIN_WAIT2, pair.port, getpid(), name);
	close(pair.server);
}

static void the_first_half_close_counts(void **state)
{
	(void)state;
	each_way(shut_down_before);
}

static void close_multipath(struct reading *reading)
{
	const struct pair pair = make_pair(AF_INET, IPPROTO_MPTCP, false);
	const uint16_t server = port_of(pair.server);
	const struct snapshot_socket *socket;
	char name[16];
	int pid;

	prctl(PR_GET_NAME, name);
	pid = close_clients(&pair, 1);
	wait_for_end(pair.server);
	close(pair.server);
	socket = await_socket(reading, STATE_TIME_WAIT, pair.port, server); /* the kernel chooses which end */
	if (socket->local_port == pair.port)
		expect_process(&reading->snapshot, socket->owner, pid, CLOSER);
	else
		expect_process(&reading->snapshot, socket->owner, getpid(), name);
}

static void multipath_tcp(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	(void)state;
	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT))
		return; /* a kernel without it */
	close(fd);
	each_way(close_multipath);
}

static void a_connection_that_was_closed_before_the_start(void **state)
{
	const struct pair pair = make_pair(AF_INET, 0, false);
	const struct snapshot_socket *socket;
	struct reading reading;

	(void)state;
	close_clients(&pair, 1);
	wait_for_end(pair.server);
	for (int variant = BPF_DIRECTLY; variant < BPF_VARIANT_COUNT; variant++) {
		begin_reading(&reading, (enum bpf_variant)variant);
		socket = await_socket(&reading, STATE_FIN_WAIT2, pair.port, pair.port);
		assert_int_equal(socket->owner, OWNER_NONE);
		end_reading(&reading);
	}
	close(pair.server);
}

/* Returns the key of an IPv4 connection within this host. */
static struct closed_key key_of(uint16_t local_port, uint16_t remote_port)
{
	const __be32 loopback = htonl(INADDR_LOOPBACK), mapped = htonl(0xffff);

	return (struct closed_key){
	        .local = {0, 0, mapped, loopback},
	        .remote = {0, 0, mapped, loopback},
	        .netns = (uint32_t)netns_current_id(procfs),
	        .local_port = local_port,
	        .remote_port = htons(remote_port),
	};
}

/* The end that closes second would fill the map with notes that no TIME_WAIT needs. */
static void the_note_of_last_ack_is_forgotten(void **state)
{
	const struct pair pair = make_pair(AF_INET, 0, false);
	const uint16_t server = port_of(pair.server);
	const struct closed_key first = key_of(pair.port, server), second = key_of(server, pair.port);
	struct closer closer;
	struct reading reading;

	(void)state;
	begin_reading(&reading, BPF_DIRECTLY);
	close_clients(&pair, 1);
	wait_for_end(pair.server);
	assert_true(bpf_iterator_find_closer(&reading.iterator, &first, &closer));
	assert_false(bpf_iterator_find_closer(&reading.iterator, &second, &closer));
	close(pair.server);
	await_socket(&reading, STATE_TIME_WAIT, pair.port, pair.port);
	assert_true(bpf_iterator_find_closer(&reading.iterator, &first, &closer));
	assert_false(bpf_iterator_find_closer(&reading.iterator, &second, &closer));
	end_reading(&reading);
}

/* The documentation says 10 MB. */
static void memory_is_bounded(void **state)
{
	struct reading reading;
	unsigned long size = 0;

	(void)state;
	begin_reading(&reading, BPF_DIRECTLY);
	assert_int_equal(count_maps(&size), 1);
	assert_in_range(size, 1, 12000000);
	end_reading(&reading);
}

static void nothing_is_there_when_off(void **state)
{
	const struct bpf_iterator_options off = {.variant = BPF_DIRECTLY};
	struct platform_error error = {{0}};
	struct bpf_iterator iterator;
	unsigned long size;

	(void)state;
	assert_int_equal(bpf_iterator_init(&iterator, &off, &error), 0);
	assert_null(iterator.closes);
	assert_int_equal(count_maps(&size), 0);
	bpf_iterator_release(&iterator);
}

static int set_up(void **state)
{
	(void)state;
	enter_empty_network();
	procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return procfs >= 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(time_wait_and_fin_wait2_of_each_family),
	        cmocka_unit_test(states_of_a_connection_with_unsent_data),
	        cmocka_unit_test(the_first_half_close_counts),
	        cmocka_unit_test(multipath_tcp),
	        cmocka_unit_test(a_connection_that_was_closed_before_the_start),
	        cmocka_unit_test(the_note_of_last_ack_is_forgotten),
	        cmocka_unit_test(memory_is_bounded),
	        cmocka_unit_test(nothing_is_there_when_off),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
