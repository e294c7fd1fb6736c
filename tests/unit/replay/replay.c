/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of recorded snapshots: reading, writing, refusal, and the replay backend. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/cli/record.h"
#include "exporter/platform/replay/parse.h"

static const char example[] =
        "tcp_exporter-snapshot 1\n"
        "# a comment\n"
        "\n"
        "facts queues accept_queues close_wait_age shared unreadable drops timers\n"
        "states established time_wait close_wait listen\n"
        "unreadable 3\n"
        "shared 18446744073709551615\n"
        "time 1000000 2500000\n"
        "netns 4026531840 32768 60999\n"
        "netns 7 - -\n"
        "reserved 8080 9000-9002\n"
        "reserved 65535\n"
        "bound 40000\n"
        "bound 40002-40003\n"
        "process 1 0 name=systemd\n"
        "process 1234 18446744073709551615 name=a%20b%25%0A%FF%00=c user=www-data exe=/bin/x unit= container=abc\n"
        "socket listen 0 0 0.0.0.0:80 0.0.0.0:0 queues=0,511 drops=18446744073709551615,4294967295\n"
        "socket listen 1 1 [0:0:0:0:0:0:0:0]:443 -:0 device=4294967295 v6_only\n"
        "socket established - 0 10.0.0.1:80 192.0.2.255:65535 queues=4294967295,1 quiet_ms=30 device=7 v4_mapped\n"
        "socket close_wait 1 1 [2001:db8:0:0:0:0:abcd:1]:443 [fe80:0:0:0:0:0:0:1]:4711 quiet_ms=0 credited "
        "retransmitting zero_window\n"
        "socket time_wait ? 0 [0:0:0:0:0:ffff:7f00:1]:1 127.0.0.1:2\n"
        "end\n";

static struct snapshot parsed(const char *text, size_t length)
{
	struct replay_fault fault = {0};
	struct snapshot snapshot;
	int err;

	snapshot_init(&snapshot);
	err = replay_parse(text, length, NULL, &snapshot, &fault);
	if (err != 0)
		print_error("line %lu: %s\n", (unsigned long)fault.line, fault.reason != NULL ? fault.reason : "?");
	assert_int_equal(err, 0);
	return snapshot;
}

static void assert_text(const struct snapshot *snapshot, uint32_t process, enum process_text which, const char *bytes,
                        size_t length)
{
	struct snapshot_text text = snapshot->processes[process].text[which];

	assert_int_equal(text.length, length);
	assert_memory_equal(snapshot_text(snapshot, text), bytes, length);
}

static void test_facts(void **state)
{
	struct snapshot snapshot = parsed(example, strlen(example));

	(void)state;
	assert_int_equal(snapshot.facts, FACT_QUEUES | FACT_ACCEPT_QUEUES | FACT_CLOSE_WAIT_AGE | FACT_SHARED |
	                                         FACT_UNREADABLE | FACT_DROPS | FACT_TIMERS);
	assert_int_equal(snapshot.states, STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_TIME_WAIT) |
	                                          STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_LISTEN));
	assert_int_equal(snapshot.unreadable_processes, 3);
	assert_true(snapshot.shared_sockets == UINT64_MAX);
	assert_int_equal(snapshot.sockets_ns, 1000000);
	assert_int_equal(snapshot.owners_ns, 2500000);
	assert_int_equal(snapshot.netns_count, 2);
	assert_int_equal(snapshot.netns[0].id, 4026531840);
	assert_int_equal(snapshot.netns[0].ephemeral_low, 32768);
	assert_int_equal(snapshot.netns[0].ephemeral_high, 60999);
	assert_true(snapshot.netns[1].ephemeral_high < snapshot.netns[1].ephemeral_low);
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		assert_int_equal(port_set_has(&snapshot.reserved, (uint16_t)port),
		                 port == 8080 || (port >= 9000 && port <= 9002) || port == 65535);
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		assert_int_equal(port_set_has(&snapshot.bound_ports, (uint16_t)port),
		                 port == 40000 || port == 40002 || port == 40003);
	snapshot_release(&snapshot);
}

static void test_processes(void **state)
{
	struct snapshot snapshot = parsed(example, strlen(example));

	(void)state;
	assert_int_equal(snapshot.process_count, 2);
	assert_int_equal(snapshot.processes[1].pid, 1234);
	assert_true(snapshot.processes[1].start == UINT64_MAX);
	assert_text(&snapshot, 0, PROCESS_NAME, "systemd", 7);
	assert_int_equal(snapshot.processes[0].text[PROCESS_USER].length, TEXT_ABSENT);
	assert_text(&snapshot, 1, PROCESS_NAME, "a b%\n\xff\0=c", 9);
	assert_text(&snapshot, 1, PROCESS_EXE, "/bin/x", 6);
	assert_text(&snapshot, 1, PROCESS_UNIT, "", 0);
	snapshot_release(&snapshot);
}

static void test_sockets(void **state)
{
	struct snapshot snapshot = parsed(example, strlen(example));
	const struct snapshot_socket *socket = snapshot.sockets;
	const struct snapshot_address *address;

	(void)state;
	assert_int_equal(snapshot.socket_count, 5);
	assert_int_equal(socket[0].flags, SOCKET_HAS_QUEUES);
	assert_int_equal(socket[0].send_queue, 511);
	assert_int_equal(snapshot.listener_count, 1);
	assert_int_equal(socket[0].listener, 1);
	assert_true(snapshot.listeners[0].identity == UINT64_MAX && snapshot.listeners[0].drops == UINT32_MAX);
	assert_int_equal(socket[1].listener, 0);
	assert_int_equal(socket[1].flags, SOCKET_V6_ONLY);
	assert_true(socket[1].remote == ADDRESS_ABSENT);
	assert_int_equal(snapshot.addresses[socket[1].local].netns, 1);
	assert_int_equal(socket[2].flags, SOCKET_HAS_QUEUES | SOCKET_HAS_QUIET | SOCKET_V4_MAPPED);
	assert_true(socket[2].owner == OWNER_NONE);
	assert_int_equal(socket[0].device, DEVICE_NONE);
	assert_int_equal(snapshot_ifindex(&snapshot, socket[1].device), UINT32_MAX);
	assert_int_equal(snapshot_ifindex(&snapshot, socket[2].device), 7);
	assert_true(socket[2].receive_queue == UINT32_MAX);
	assert_int_equal(socket[2].remote_port, 65535);
	assert_memory_equal(snapshot.addresses[socket[2].remote].bytes, "\xc0\0\2\xff", 4);
	assert_int_equal(socket[3].owner, 1);
	assert_int_equal(socket[3].flags,
	                 SOCKET_HAS_QUIET | SOCKET_CREDITED | SOCKET_RETRANSMITTING | SOCKET_ZERO_WINDOW);
	address = &snapshot.addresses[socket[3].local];
	assert_int_equal(address->family, 6);
	assert_memory_equal(address->bytes, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\xab\xcd\0\1", 16);
	assert_true(socket[4].owner == OWNER_UNKNOWN);
	assert_int_equal(snapshot.addresses[socket[4].local].family, 4);
	snapshot_release(&snapshot);
}

/* A written snapshot reads back equal, and is written to the same bytes again. */
static void test_round_trip(void **state)
{
	struct snapshot first = parsed(example, strlen(example)), second;
	struct textbuf once, twice;

	(void)state;
	textbuf_init(&once, 1 << 20);
	textbuf_init(&twice, 1 << 20);
	replay_record(&once, &first);
	assert_int_equal(once.error, 0);
	second = parsed(once.data, once.length);
	replay_record(&twice, &second);
	assert_int_equal(once.length, twice.length);
	assert_memory_equal(once.data, twice.data, once.length);

	assert_int_equal(first.socket_count, second.socket_count);
	for (size_t i = 0; i < first.socket_count; i++) {
		const struct snapshot_socket *a = &first.sockets[i], *b = &second.sockets[i];

		assert_memory_equal(a, b, sizeof(*a));
		assert_memory_equal(&first.addresses[a->local], &second.addresses[b->local],
		                    sizeof(struct snapshot_address));
	}
	assert_memory_equal(&first.reserved, &second.reserved, sizeof(first.reserved));
	assert_memory_equal(&first.bound_ports, &second.bound_ports, sizeof(first.bound_ports));
	assert_memory_equal(first.netns, second.netns, first.netns_count * sizeof(*first.netns));
	assert_text(&second, 1, PROCESS_NAME, "a b%\n\xff\0=c", 9);
	assert_int_equal(second.facts, first.facts);
	assert_int_equal(second.states, first.states);
	snapshot_release(&first);
	snapshot_release(&second);
	textbuf_release(&once);
	textbuf_release(&twice);
}

#define TITLE "tcp_exporter-snapshot 1\n"
#define HEAD  TITLE "states listen close_wait\nnetns 1 2 3\nprocess 1 1 name=a\n"

/* Refused texts: the line of the fault, and the beginning of the reason. */
static const struct {
	const char *text;
	size_t line;
	const char *reason; /* its beginning */
} refused[] = {
        {"", 1, "the file is empty"},
        {"\n" TITLE, 1, "not a recorded snapshot"},
        {"tcp_exporter-snapshot 2\nend\n", 1, "unknown version"},
        {TITLE, 1, "the file is cut short"},
        {TITLE "end\nunreadable 1\n", 3, "line after the end"},
        {TITLE "end now\n", 2, "unexpected word"},
        {TITLE "en", 2, "unknown kind of line"},
        {TITLE "facts queues luck\n", 2, "unknown fact"},
        {TITLE "states open\n", 2, "unknown state"},
        {TITLE "unreadable -1\n", 2, "expected a number"},
        {TITLE "unreadable 18446744073709551616\n", 2, "expected a number"},
        {TITLE "shared\n", 2, "expected a number"},
        {TITLE "time 1\n", 2, "expected two numbers of nanoseconds"},
        {TITLE "netns x 1 2\n", 2, "expected the id of a namespace"},
        {TITLE "netns 1 2\n", 2, "expected a range of ephemeral ports"},
        {TITLE "netns 1 3 2\n", 2, "expected a range of ephemeral ports"},
        {TITLE "netns 1 3 65536\n", 2, "expected a range of ephemeral ports"},
        {TITLE "netns 1 - 2\n", 2, "expected a range of ephemeral ports"},
        {TITLE "netns 1 1 2 3\n", 2, "unexpected word"},
        {TITLE "reserved 65536\n", 2, "expected a port or a range of ports"},
        {TITLE "reserved 2-1\n", 2, "expected a port or a range of ports"},
        {TITLE "reserved 1-\n", 2, "expected a port or a range of ports"},
        {TITLE "reserved 1-3 3\n", 2, "repeated port"},
        {TITLE "process 1\n", 2, "expected the PID and start of a process"},
        {TITLE "process 4294967296 1 name=a\n", 2, "expected the PID and start of a process"},
        {TITLE "process 1 1\n", 2, "process without a name"},
        {TITLE "process 1 1 user=a\n", 2, "process without a name"},
        {TITLE "process 1 1 name=a%0\n", 2, "expected two hexadecimal digits after %"},
        {TITLE "process 1 1 name=a%0g\n", 2, "expected two hexadecimal digits after %"},
        {TITLE "process 1 1 name=a names=b\n", 2, "unknown text of a process"},
        {HEAD "socket\n", 5, "state is missing"},
        {HEAD "socket established 0 0 1.2.3.4:1 -:0\n", 5, "state is missing in the states line"},
        {HEAD "socket listen 1 0 1.2.3.4:1 -:0\n", 5, "unknown owner"},
        {HEAD "socket listen 4294967295 0 1.2.3.4:1 -:0\n", 5, "unknown owner"},
        {HEAD "socket listen 0 1 1.2.3.4:1 -:0\n", 5, "unknown namespace"},
        {HEAD "socket listen 0 0 -:1 -:0\n", 5, "socket without a local address"},
        {HEAD "socket listen 0 0 1.2.3.4:1\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 1.2.3:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 1.2.3.4.5:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 1.2.3.256:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 1.2.3.4:65536 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 [1:2:3:4:5:6:7]:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 [1:2:3:4:5:6:7:8:9]:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 [1:2:3:4:5:6:7:12345]:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 [1:2:3:4:5:6:7:8:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 [:1 -:0\n", 5, "expected an address and a port"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 queues=1\n", 5, "unknown property of a socket"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 queues=1,4294967296\n", 5, "unknown property of a socket"},
        {HEAD "socket close_wait 0 0 1.2.3.4:1 -:0 quiet_ms=\n", 5, "unknown property of a socket"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 quiet_ms=1\n", 5, "unknown property of a socket"},
        {HEAD "socket close_wait 0 0 1.2.3.4:1 -:0 drops=1,1\n", 5, "expected the identity and drops of a listener"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 drops=1\n", 5, "expected the identity and drops of a listener"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 drops=1,4294967296\n", 5,
         "expected the identity and drops of a listener"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 luck\n", 5, "unknown property of a socket"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 device=0\n", 5, "expected the index of an interface"},
        {HEAD "socket listen 0 0 1.2.3.4:1 -:0 device=4294967296\n", 5, "expected the index of an interface"},
        {TITLE "bound 1-3 2\n", 2, "repeated port"},
        {HEAD "socket listen 0 0 [1:2:3:4:5:6:7:8]:1 -:0 v4_mapped\n", 5, "v4_mapped with"},
        {HEAD "socket close_wait - 0 1.2.3.4:1 -:0 credited\n", 5, "credited without an owner"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct replay_fault fault = {0};
		struct snapshot snapshot;
		int err;

		snapshot_init(&snapshot);
		err = replay_parse(refused[i].text, strlen(refused[i].text), NULL, &snapshot, &fault);
		if (err != -EINVAL || strncmp(fault.reason, refused[i].reason, strlen(refused[i].reason)) != 0)
			print_error("%s: %s\n", refused[i].text, fault.reason != NULL ? fault.reason : "accepted");
		assert_int_equal(err, -EINVAL);
		assert_int_equal(strncmp(fault.reason, refused[i].reason, strlen(refused[i].reason)), 0);
		assert_int_equal(fault.line, refused[i].line);
		snapshot_release(&snapshot);
	}
}

/* Every proper beginning of a good file is refused, and none is read past its end (a sanitizer checks). */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t length = 0; length < strlen(example) - 1; length++) {
		char *copy = malloc(length + (length == 0));
		struct replay_fault fault;
		struct snapshot snapshot;

		assert_non_null(copy);
		memcpy(copy, example, length);
		snapshot_init(&snapshot);
		assert_int_equal(replay_parse(copy, length, NULL, &snapshot, &fault), -EINVAL);
		snapshot_release(&snapshot);
		free(copy);
	}
}

static void test_deadline(void **state)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX, .cancelled = true};
	struct replay_fault fault;
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	assert_int_equal(replay_parse(example, strlen(example), &deadline, &snapshot, &fault), -ECANCELED);
	snapshot_release(&snapshot);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static int read_backend(struct platform *platform, struct snapshot *snapshot, struct platform_error *error)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};

	snapshot_reset(snapshot);
	return platform_replay.read(platform, &deadline, snapshot, error);
}

/* Each read reads the file again. A bad file fails only its own read. */
static void test_backend(void **state)
{
	char path[] = "/tmp/replay-test-XXXXXX", expected[256];
	struct platform_options options = {.replay_file = path};
	struct platform_error error;
	struct snapshot snapshot;
	struct platform *platform;
	int fd = mkstemp(path), result;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snapshot_init(&snapshot);
	write_file(path, example);
	assert_int_equal(platform_replay.open(&platform, &options, &error), 0);
	assert_int_equal(read_backend(platform, &snapshot, &error), 0);
	assert_int_equal(snapshot.socket_count, 5);
	assert_int_equal(snapshot.owners_ns, 0); /* the time of this read, not the recorded time */

	write_file(path, TITLE "luck\n");
	assert_int_equal(read_backend(platform, &snapshot, &error), -EINVAL);
	snprintf(expected, sizeof(expected), "%s:2: unknown kind of line", path);
	assert_string_equal(error.text, expected);

	write_file(path, HEAD "end\n");
	assert_int_equal(read_backend(platform, &snapshot, &error), 0);
	assert_int_equal(snapshot.socket_count, 0);
	assert_int_equal(snapshot.process_count, 1);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(read_backend(platform, &snapshot, &error), -ENOENT);
	snprintf(expected, sizeof(expected), "cannot read \"%s\": No such file or directory", path);
	assert_string_equal(error.text, expected);
	platform_replay.close(platform);

	assert_int_equal(platform_replay.open(&platform, &options, &error), -ENOENT);
	assert_null(platform);
	options.replay_file = "/";
	result = platform_replay.open(&platform, &options, &error);
	assert_true(result == -EISDIR || result == -EACCES); /* Windows does not open a directory */
	options.replay_file = NULL;
	assert_int_equal(platform_replay.open(&platform, &options, &error), -EINVAL);
	snapshot_release(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_facts),    cmocka_unit_test(test_processes),
	        cmocka_unit_test(test_sockets),  cmocka_unit_test(test_round_trip),
	        cmocka_unit_test(test_refused),  cmocka_unit_test(test_cut_anywhere),
	        cmocka_unit_test(test_deadline), cmocka_unit_test(test_backend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
