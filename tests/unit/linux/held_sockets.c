/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of held sockets: rows of the BPF walk over files -> rows of the snapshot. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf/held_sockets.h"

enum { OWN_NETNS = 100, OTHER_NETNS = 200, HZ = 250 };

static struct platform_options options;
static struct snapshot snapshot;
static struct held_sockets held;
static struct window window;

static void begin(void)
{
	const struct snapshot_netns netns = {.id = OWN_NETNS, .ephemeral_low = 32768, .ephemeral_high = 60999};
	uint32_t index;

	memset(&window, 0, sizeof(window));
	snapshot_reset(&snapshot);
	assert_int_equal(snapshot_add_netns(&snapshot, &netns, &index), 0);
	assert_int_equal(held_sockets_begin(&held, &snapshot), 0);
}

static int set_up(void **state)
{
	(void)state;
	options = (struct platform_options){.want = WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_REMOTE_ADDRESSES};
	snapshot_init(&snapshot);
	held_sockets_init(&held, &options);
	held.hz = HZ;
	begin();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	held_sockets_release(&held);
	snapshot_release(&snapshot);
	return 0;
}

static void task(uint32_t index, uint32_t pid, uint64_t start, const char *comm)
{
	window.tasks[index] = (struct window_task){.start = start, .pid = pid};
	memcpy(window.tasks[index].comm, comm, strnlen(comm, WINDOW_COMM));
	window.task_count = index + 1;
}

static struct window_row *row(uint64_t identity, uint8_t state, uint16_t task_index)
{
	struct window_row *added = &window.rows[window.row_count++];

	*added = (struct window_row){.identity = identity,
	                             .netns = OWN_NETNS,
	                             .ports = 60999u << 16 | 32768u,
	                             .local_port = 80,
	                             .remote_port = htons(50000),
	                             .task = task_index,
	                             .family = 4,
	                             .state = state,
	                             .local = {192, 0, 2, 1},
	                             .remote = {198, 51, 100, 7}};
	return added;
}

/* Empties a full window. */
static int drain(void)
{
	int result = held_sockets_add(&held, &window);

	window.row_count = window.task_count = 0;
	return result;
}

static const char *owner_of(size_t socket)
{
	static char name[WINDOW_COMM + 1];
	const struct snapshot_process *process = &snapshot.processes[snapshot.sockets[socket].owner];

	memset(name, 0, sizeof(name));
	memcpy(name, snapshot_text(&snapshot, process->text[PROCESS_NAME]), process->text[PROCESS_NAME].length);
	return name;
}

static void a_connection(void **state)
{
	const struct snapshot_socket *socket;
	struct window_row *added;

	(void)state;
	task(0, 7, 1000, "a name of 16 by!");
	added = row(1, TCP_CLOSE_WAIT, 0);
	added->receive_queue = 6; /* five bytes and the FIN */
	added->send_queue = 9;
	added->quiet = 3 * HZ;
	added->flags = ROW_RETRANSMITTING;
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.socket_count, 1);
	socket = &snapshot.sockets[0];
	assert_int_equal(socket->state, STATE_CLOSE_WAIT);
	assert_int_equal(socket->local_port, 80);
	assert_int_equal(socket->remote_port, 50000);
	assert_int_equal(socket->receive_queue, 5);
	assert_int_equal(socket->send_queue, 9);
	assert_int_equal(socket->quiet_ms, 3000);
	assert_int_equal(socket->flags, SOCKET_HAS_QUEUES | SOCKET_HAS_QUIET | SOCKET_RETRANSMITTING);
	assert_memory_equal(snapshot.addresses[socket->local].bytes, "\300\0\2\1", 4);
	assert_memory_equal(snapshot.addresses[socket->remote].bytes, "\306\63\144\7", 4);
	assert_string_equal(owner_of(0), "a name of 16 by!");
	assert_int_equal(snapshot.processes[0].pid, 7);
	assert_int_equal(held.own, 1);
}

static void a_listener(void **state)
{
	struct window_row *added;

	(void)state;
	task(0, 7, 1000, "web");
	added = row(1, TCP_LISTEN, 0);
	added->inode = 77;
	added->receive_queue = 3;
	added->send_queue = 128;
	added->family = 6;
	added->flags = ROW_V6_ONLY | ROW_REQUESTS;
	added->drops = 36;
	row(2, TCP_LISTEN, 0)->drops = 1; /* the kernel's own */
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.listener_count, 2);
	assert_int_equal(snapshot.sockets[0].listener, 1);
	assert_int_equal(snapshot.listeners[0].identity, 77);
	assert_int_equal(snapshot.listeners[0].drops, 36);
	assert_int_equal(snapshot.listeners[1].identity, 2);
	assert_int_equal(snapshot.sockets[0].receive_queue, 3);
	assert_int_equal(snapshot.sockets[0].send_queue, 128);
	assert_int_equal(snapshot.sockets[0].flags, SOCKET_HAS_QUEUES | SOCKET_V6_ONLY);
	assert_true(held.requests);
}

static uint64_t fingerprint(size_t count, const uint64_t *identities, const uint32_t *inodes)
{
	begin();
	task(0, 7, 1000, "web");
	task(1, 8, 2000, "worker");
	for (size_t i = 0; i < count; i++)
		for (uint16_t holder = 0; holder < 2; holder++)
			row(identities[i], TCP_LISTEN, holder)->inode = inodes[i];
	row(9, TCP_ESTABLISHED, 0);
	assert_int_equal(drain(), 0);
	return held.listeners;
}

static void the_fingerprint_of_listeners(void **state)
{
	const uint64_t first = fingerprint(2, (uint64_t[]){1, 2}, (uint32_t[]){77, 78});

	(void)state;
	assert_int_equal(fingerprint(2, (uint64_t[]){2, 1}, (uint32_t[]){78, 77}), first);
	assert_int_not_equal(fingerprint(1, (uint64_t[]){1}, (uint32_t[]){77}), first);
	assert_int_not_equal(fingerprint(2, (uint64_t[]){1, 2}, (uint32_t[]){78, 77}), first);
	/* A new listener at the address of an old one. */
	assert_int_not_equal(fingerprint(2, (uint64_t[]){1, 2}, (uint32_t[]){77, 79}), first);
	assert_int_equal(fingerprint(0, NULL, NULL), 0);
}

static void rows_that_were_withdrawn(void **state)
{
	(void)state;
	task(0, 7, 1000, "web");
	row(1, 0, 0);
	row(2, 12, 0); /* no state of a socket in a table */
	row(3, 255, 0);
	row(4, TCP_ESTABLISHED, 0);
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.socket_count, 1);
}

static void a_task_that_is_none(void **state)
{
	(void)state;
	row(1, TCP_ESTABLISHED, WINDOW_ROWS);
	assert_int_equal(drain(), -EBADMSG);
}

/* The walk is in the order of pids, which does not depend on age. */
static void the_oldest_holder_owns(void **state)
{
	(void)state;
	task(0, 5, 3000, "younger");
	task(1, 6, 1000, "oldest");
	task(2, 7, 2000, "middle");
	for (uint16_t i = 0; i < 3; i++)
		row(1, TCP_ESTABLISHED, i);
	row(2, TCP_ESTABLISHED, 2);
	row(2, TCP_ESTABLISHED, 2); /* two descriptors of one process */
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.socket_count, 2);
	assert_string_equal(owner_of(0), "oldest");
	assert_string_equal(owner_of(1), "middle");
	assert_int_equal(held.shared, 1);
	assert_int_equal(held.own, 2);
}

static void the_first_process_comes_last(void **state)
{
	(void)state;
	task(0, 1, 1, "host's first");
	window.tasks[0].init = 1;
	task(1, 6, 1000, "service");
	row(1, TCP_LISTEN, 0);
	row(1, TCP_LISTEN, 1);
	row(2, TCP_LISTEN, 0);
	assert_int_equal(drain(), 0);
	assert_string_equal(owner_of(0), "service");
	assert_string_equal(owner_of(1), "host's first");
}

/* PID 1 of a container: an init yields, and a service owns by age. */
static void the_first_process_of_a_container(void **state)
{
	static const char *const names[] = {"systemd", "init", "gunicorn", "systemd2"};

	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		begin();
		task(0, 40, 1, names[i]);
		window.tasks[0].init = window.tasks[0].nested = 1;
		task(1, 41, 1000, "worker");
		row(1, TCP_LISTEN, 0);
		row(1, TCP_LISTEN, 1);
		assert_int_equal(drain(), 0);
		assert_string_equal(owner_of(0), i < 2 ? "worker" : names[i]);
	}
}

/* Thread ids wrap, so a thread can come before its process. */
static void a_thread_that_comes_before_its_process(void **state)
{
	(void)state;
	task(0, 9, 1000, "web");
	window.tasks[0].thread = 1;
	task(1, 8, 500, "other");
	task(2, 9, 1000, "web");
	row(1, TCP_LISTEN, 0);
	row(2, TCP_LISTEN, 1);
	row(1, TCP_LISTEN, 2);
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.process_count, 2);
	assert_int_equal(held.shared, 0);
}

/* The walk visits a shared descriptor table once. All its processes hold the same sockets. */
static void processes_that_share_a_table(void **state)
{
	(void)state;
	task(0, 5, 3000, "first");
	window.tasks[0].files = 99;
	row(1, TCP_LISTEN, 0);
	row(2, TCP_LISTEN, 0);
	task(1, 6, 1000, "other");
	row(3, TCP_LISTEN, 1);
	assert_int_equal(drain(), 0);
	task(0, 7, 2000, "older");
	task(1, 8, 4000, "younger");
	task(2, 9, 500, "no sockets");
	for (int i = 0; i < 3; i++) {
		window.tasks[i].files = i < 2 ? 99 : 98;
		window.tasks[i].again = 1;
	}
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.socket_count, 3);
	assert_string_equal(owner_of(0), "older");
	assert_string_equal(owner_of(1), "older");
	assert_string_equal(owner_of(2), "other");
	assert_int_equal(held.shared, 2);
	assert_int_equal(snapshot.process_count, 4);
}

static void a_process_over_two_windows(void **state)
{
	(void)state;
	task(0, 7, 1000, "web");
	row(1, TCP_ESTABLISHED, 0);
	assert_int_equal(drain(), 0);
	row(2, TCP_ESTABLISHED, 0);
	task(1, 7, 5000, "another");
	row(3, TCP_ESTABLISHED, 1); /* the same pid, but it started later */
	assert_int_equal(drain(), 0);
	/* A thread with files of its own comes after other processes. */
	task(0, 7, 1000, "web");
	window.tasks[0].thread = 1;
	row(4, TCP_ESTABLISHED, 0);
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.process_count, 2);
	assert_int_equal(snapshot.socket_count, 4);
	assert_string_equal(owner_of(3), "web");
}

static void namespaces(void **state)
{
	(void)state;
	options.all_netns = true;
	begin();
	task(0, 7, 1000, "web");
	row(1, TCP_ESTABLISHED, 0);
	for (uint64_t i = 2; i < 4; i++) {
		struct window_row *other = row(i, TCP_SYN_RECV, 0);

		other->netns = OTHER_NETNS;
		other->ports = 2000u << 16 | 1000u;
	}
	row(4, TCP_ESTABLISHED, 0)->netns = OTHER_NETNS;
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.netns_count, 2);
	assert_int_equal(snapshot.netns[1].id, OTHER_NETNS);
	assert_int_equal(snapshot.netns[1].ephemeral_low, 1000);
	assert_int_equal(snapshot.netns[1].ephemeral_high, 2000);
	row(5, TCP_SYN_RECV, 0);
	assert_int_equal(drain(), 0);
	assert_int_equal(held.own, 1); /* SYN_RECV is not in the kernel's count */
}

static void mapped_addresses_are_ipv4(void **state)
{
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
	struct window_row *added;

	(void)state;
	task(0, 7, 1000, "web");
	added = row(1, TCP_ESTABLISHED, 0);
	added->family = 6;
	memcpy(added->local, mapped, sizeof(mapped));
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.addresses[snapshot.sockets[0].local].family, 4);
	assert_true(snapshot.sockets[0].flags & SOCKET_V4_MAPPED);
}

static void ages_need_the_length_of_a_jiffy(void **state)
{
	(void)state;
	held.hz = 0;
	task(0, 7, 1000, "web");
	row(1, TCP_CLOSE_WAIT, 0)->quiet = 5;
	held.hz = 0;
	assert_int_equal(drain(), 0);
	assert_false(snapshot.sockets[0].flags & SOCKET_HAS_QUIET);
	held.hz = 1;
	row(2, TCP_CLOSE_WAIT, 0)->quiet = UINT32_MAX; /* too long for a 32-bit number of milliseconds */
	assert_int_equal(drain(), 0);
	assert_int_equal(snapshot.sockets[1].quiet_ms, UINT32_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(a_connection),
	        CASE(a_listener),
	        CASE(the_fingerprint_of_listeners),
	        CASE(rows_that_were_withdrawn),
	        CASE(a_task_that_is_none),
	        CASE(the_oldest_holder_owns),
	        CASE(the_first_process_comes_last),
	        CASE(the_first_process_of_a_container),
	        CASE(a_thread_that_comes_before_its_process),
	        CASE(processes_that_share_a_table),
	        CASE(a_process_over_two_windows),
	        CASE(namespaces),
	        CASE(mapped_addresses_are_ipv4),
	        CASE(ages_need_the_length_of_a_jiffy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
