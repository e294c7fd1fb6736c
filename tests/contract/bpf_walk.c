/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the BPF program on descriptors of this process: each socket once and complete, more sockets than a window
 * holds, and while other descriptors open and close. The program for older kernels, which reads by helpers, passes the
 * same tests.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf_sockets.h"

enum {
	LISTENERS = 3 * WINDOW_ROWS + 17, /* more than one window, and no whole number of batches */
	HIGH_DESCRIPTOR = 9000,           /* far above the others: a table with holes */
	UNREAD = 5,
	CHANGING = 100,
	INHERITED = 40,
	THREADS = 30,
	WALKS = 20,
};

static struct seen directly, by_helper;
static pid_t observed; /* the process whose rows are kept */
static int first_listener;
static uint16_t server_port, client_port, high_port, v6_port;

/* Opens descriptors that resemble TCP sockets but must not count. */
static void open_others(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/bpf_walk.XXXXXX/socket"};
	char *slash = strrchr(name.sun_path, '/');
	int fd;

	*slash = '\0';
	assert_non_null(mkdtemp(name.sun_path));
	*slash = '/';
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_true(open(name.sun_path, O_PATH) >= 0); /* an inode of type socket without a socket */
	assert_true(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	assert_true(socket(AF_INET, SOCK_STREAM, 0) >= 0); /* neither bound nor connected */
	assert_int_equal(unlink(name.sun_path), 0);
	*slash = '\0';
	assert_int_equal(rmdir(name.sun_path), 0);
}

/* Makes a connection whose server end is in CLOSE_WAIT with unread bytes. */
static void connect_pair(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = listen_on(AF_INET), client = socket(AF_INET, SOCK_STREAM, 0);
	struct tcp_info info;
	socklen_t length;

	server_port = port_of(listener);
	address.sin_port = htons(server_port);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	client_port = port_of(client);
	assert_true(accept(listener, NULL, NULL) >= 0);
	assert_int_equal(send(client, "bytes", UNREAD, 0), UNREAD);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	do {
		length = sizeof(info);
		assert_int_equal(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	} while (info.tcpi_state != TCP_FIN_WAIT2);
}

static int set_up(void **state)
{
	struct rlimit limit;
	int fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	enter_empty_network();
	observed = getpid();
	first_listener = listen_on(AF_INET);
	for (int i = 1; i < LISTENERS; i++)
		listen_on(AF_INET);
	v6_port = port_of(listen_on(AF_INET6));
	fd = listen_on(AF_INET);
	high_port = port_of(fd);
	assert_int_equal(dup2(fd, HIGH_DESCRIPTOR), HIGH_DESCRIPTOR);
	close(fd);
	open_others();
	connect_pair();
	return 0;
}

/* Keeps the rows of the observed process. */
static int keep(void *data, const struct window *window)
{
	struct seen *seen = data;

	seen->windows++;
	for (uint32_t i = 0; i < window->row_count; i++) {
		const struct window_row *row = &window->rows[i];

		assert_in_range(row->task, 0, WINDOW_ROWS - 1);
		if (row->state == 0 || window->tasks[row->task].pid != (uint32_t)observed)
			continue;
		add_seen(seen, row);
	}
	return 0;
}

static void walk(struct seen *seen, bool helper)
{
	const struct bpf_iterator_options options = {.variant = helper ? BPF_BY_HELPER : BPF_DIRECTLY};
	const struct bpf_iterator_sink sink = {.rows = keep, .data = seen};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct bpf_iterator iterator;

	if (bpf_iterator_init(&iterator, &options, &error) != 0)
		fail_msg("%s", error.text);
	seen->count = 0;
	if (bpf_iterator_walk_files(&iterator, &deadline, &sink, &error) != 0)
		fail_msg("%s", error.text);
	bpf_iterator_release(&iterator);
}

static void expect_all(const struct seen *seen)
{
	const uint8_t loopback[4] = {127, 0, 0, 1};
	const struct window_row *server = only_row(seen, TCP_CLOSE_WAIT, 4, server_port);
	const struct window_row *client = only_row(seen, TCP_FIN_WAIT2, 4, client_port);
	const struct window_row *v6 = only_row(seen, TCP_LISTEN, 6, v6_port);
	const struct window_row *high = only_row(seen, TCP_LISTEN, 4, high_port);

	assert_int_equal(seen->count, LISTENERS + 2 + 1 + 2);
	assert_true(seen->windows > 3);
	assert_int_equal(server->receive_queue, UNREAD + 1); /* the FIN is counted */
	assert_int_equal(ntohs(server->remote_port), client_port);
	assert_memory_equal(server->remote, loopback, sizeof(loopback));
	assert_int_equal(client->send_queue, 0);
	assert_int_equal(v6->family, 6);
	assert_int_equal(v6->flags, ROW_V6_ONLY | ROW_HAS_FILE);
	assert_int_equal(high->family, 4);
	assert_int_equal(high->flags, ROW_HAS_FILE);
	assert_int_equal(high->receive_queue, 0);
	assert_int_equal(high->send_queue, BACKLOG);
}

static void every_socket_once(void **state)
{
	(void)state;
	walk(&directly, false);
	expect_all(&directly);
}

/* Compares all fields that do not change with time. */
static void expect_equal(const struct window_row *a, const struct window_row *b)
{
	size_t length = a->family == 4 ? 4 : 16;

	assert_int_equal(a->identity, b->identity);
	assert_int_equal(a->inode, b->inode);
	assert_int_equal(a->netns, b->netns);
	assert_int_equal(a->ports, b->ports);
	assert_int_equal(a->receive_queue, b->receive_queue);
	assert_int_equal(a->send_queue, b->send_queue);
	assert_int_equal(a->local_port, b->local_port);
	assert_int_equal(a->remote_port, b->remote_port);
	assert_int_equal(a->family, b->family);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->flags, b->flags);
	assert_memory_equal(a->local, b->local, length);
	assert_memory_equal(a->remote, b->remote, length);
}

static void the_same_by_helpers(void **state)
{
	(void)state;
	walk(&directly, false);
	walk(&by_helper, true);
	expect_all(&by_helper);
	assert_int_equal(directly.count, by_helper.count);
	for (size_t i = 0; i < directly.count; i++) {
		struct window_row *a = &directly.rows[i], *b = &by_helper.rows[i];

		/* The window reuses rows: a connection's row keeps old values in fields that only listeners have. */
		if (a->state != TCP_LISTEN)
			a->inode = b->inode = 0;
		expect_equal(a, b);
	}
}

/* Opens and closes descriptors that share their batches with lasting ones. */
static void *open_and_close(void *data)
{
	const atomic_bool *stop = data;
	int fds[CHANGING];

	while (!atomic_load(stop)) {
		for (size_t i = 0; i < CHANGING; i++)
			fds[i] = listen_on(AF_INET6);
		for (size_t i = 0; i < CHANGING; i++)
			close(fds[i]);
	}
	return NULL;
}

static void while_descriptors_change(void **state)
{
	atomic_bool stop = false;
	pthread_t changer;

	(void)state;
	assert_int_equal(pthread_create(&changer, NULL, open_and_close, &stop), 0);
	for (int i = 0; i < WALKS; i++) {
		size_t lasting = 0;

		walk(&directly, i % 2);
		for (size_t j = 0; j < directly.count; j++)
			lasting += directly.rows[j].state == TCP_LISTEN && directly.rows[j].family == 4;
		assert_int_equal(lasting, LISTENERS + 2); /* high_port, and that of connect_pair() */
		assert_in_range(directly.count, LISTENERS + 5, LISTENERS + 5 + CHANGING);
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(changer, NULL), 0);
}

static void *stay(void *data)
{
	(void)data;
	for (;;)
		pause();
	return NULL;
}

/* Runs a process that has some of the listeners and many threads, and whose main thread has ended. */
static void run_without_main_thread(void)
{
	pthread_t thread;

	close_range((unsigned)first_listener + INHERITED, UINT_MAX, 0);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, stay, NULL) != 0)
			_exit(1);
	syscall(SYS_exit, 0); /* of this thread alone */
}

static char state_of(pid_t pid)
{
	char path[32], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
	fclose(file);
	return state;
}

static bool listens(int fd)
{
	int value = 0;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value;
}

static void once_for_all_threads(void **state)
{
	size_t listeners = 0;

	(void)state;
	for (int i = 0; i < INHERITED; i++)
		listeners += listens(first_listener + i);
	assert_in_range(listeners, INHERITED / 2, INHERITED);
	observed = fork();
	assert_true(observed >= 0);
	if (observed == 0)
		run_without_main_thread();
	while (state_of(observed) != 'Z')
		sched_yield();
	walk(&directly, false);
	walk(&by_helper, true);
	assert_int_equal(kill(observed, SIGKILL), 0);
	assert_int_equal(waitpid(observed, NULL, 0), observed);
	observed = getpid();
	assert_int_equal(directly.count, listeners);
	assert_int_equal(by_helper.count, listeners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_socket_once),
	        cmocka_unit_test(the_same_by_helpers),
	        cmocka_unit_test(while_descriptors_change),
	        cmocka_unit_test(once_for_all_threads),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
