/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of --print-table: the columns, their order, hostile names, JSON, many rows. */
#include "exporter/cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/replay/parse.h"

#define HEAD                                                                                                           \
	"tcp_exporter-snapshot 1\n"                                                                                    \
	"states established syn_sent syn_recv fin_wait1 fin_wait2 time_wait closed close_wait last_ack listen "        \
	"closing "                                                                                                     \
	"delete_tcb\n"                                                                                                 \
	"netns 4026531840 32768 60999\n"

static struct snapshot snapshot_of(const char *lines)
{
	struct replay_fault fault = {0};
	struct snapshot snapshot;
	struct textbuf text;
	int err;

	textbuf_init(&text, 1 << 20);
	textbuf_printf(&text, "%s%send\n", HEAD, lines);
	assert_int_equal(text.error, 0);
	snapshot_init(&snapshot);
	err = replay_parse(text.data, text.length, NULL, &snapshot, &fault);
	if (err != 0)
		print_error("line %lu: %s\n", (unsigned long)fault.line, fault.reason);
	assert_int_equal(err, 0);
	textbuf_release(&text);
	return snapshot;
}

static void check(const char *lines, enum table_format format, const char *expected)
{
	struct snapshot snapshot = snapshot_of(lines);
	struct textbuf out;

	textbuf_init(&out, 1 << 20);
	assert_int_equal(table_write(&out, &snapshot, &(const struct table_options){.format = format}), 0);
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	assert_string_equal(out.data, expected);
	textbuf_release(&out);
	snapshot_release(&snapshot);
}

static void test_columns(void **state)
{
	(void)state;
	check("process 4 1 name=System\n"
	      "process 880 2 name=svchost.exe\n"
	      "socket listen 1 0 0.0.0.0:135 0.0.0.0:0\n"
	      "socket listen 0 0 0.0.0.0:80 0.0.0.0:0\n",
	      TABLE_TEXT,
	      "LISTEN              0.0.0.0:80               0.0.0.0:0        4      System\n"
	      "LISTEN              0.0.0.0:135              0.0.0.0:0        880    svchost.exe\n");
	check("", TABLE_TEXT, "");
}

static void test_full_columns(void **state)
{
	(void)state;
	check("process 4194304 1 name=x\n"
	      "socket close_wait 0 0 255.255.255.255:65535 254.255.255.255:65534\n",
	      TABLE_TEXT, "CLOSE_WAIT  255.255.255.255:65535    254.255.255.255:65534    4194304 x\n");
}

static void test_states(void **state)
{
	static const char *const words[][2] = {
	        {"established", "ESTAB"},   {"syn_sent", "SYN_SENT"},     {"syn_recv", "SYN_RCVD"},
	        {"fin_wait1", "FIN_WAIT1"}, {"fin_wait2", "FIN_WAIT2"},   {"time_wait", "TIME_WAIT"},
	        {"closed", "CLOSED"},       {"close_wait", "CLOSE_WAIT"}, {"last_ack", "LAST_ACK"},
	        {"listen", "LISTEN"},       {"closing", "CLOSING"},       {"delete_tcb", "DELETE_TCB"},
	};

	(void)state;
	assert_int_equal(sizeof(words) / sizeof(words[0]), STATE_COUNT);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char line[128], expected[128];

		snprintf(line, sizeof(line), "socket %s - 0 1.2.3.4:5 6.7.8.9:10\n", words[i][0]);
		snprintf(expected, sizeof(expected),
		         "%-11s         1.2.3.4:5                6.7.8.9:10       0      (none)\n", words[i][1]);
		check(line, TABLE_TEXT, expected);
	}
}

static void test_owners_and_a_state_nobody_knows(void **state)
{
	struct snapshot snapshot = snapshot_of("socket listen ? 0 0.0.0.0:1 -:0\n");
	struct textbuf out;

	(void)state;
	snapshot.sockets[0].state = STATE_COUNT;
	textbuf_init(&out, 1 << 10);
	assert_int_equal(table_write(&out, &snapshot, &(const struct table_options){.format = TABLE_TEXT}), 0);
	textbuf_putc(&out, '\0');
	assert_string_equal(out.data,
	                    "(unknown)           0.0.0.0:1                0.0.0.0:0        0      (unknown)\n");
	textbuf_release(&out);
	snapshot_release(&snapshot);
}

/* Rows are sorted by local address as a number, IPv4 first, then by port, then by the remote end. */
static void test_order(void **state)
{
	(void)state;
	check("socket established - 0 [0:0:0:0:0:0:0:1]:1 [0:0:0:0:0:0:0:2]:1\n"
	      "socket established - 0 10.0.0.1:80 10.0.0.2:9\n"
	      "socket established - 0 10.0.0.1:80 10.0.0.10:1\n"
	      "socket established - 0 10.0.0.1:80 10.0.0.2:10\n"
	      "socket established - 0 9.0.0.1:81 1.1.1.1:1\n"
	      "socket established - 0 10.0.0.1:9 200.0.0.1:1\n"
	      "socket listen - 0 0.0.0.0:80 -:0\n"
	      "socket listen - 0 [0:0:0:0:0:0:0:0]:80 -:0\n",
	      TABLE_TEXT,
	      "LISTEN              0.0.0.0:80               0.0.0.0:0        0      (none)\n"
	      "ESTAB               9.0.0.1:81               1.1.1.1:1        0      (none)\n"
	      "ESTAB              10.0.0.1:9              200.0.0.1:1        0      (none)\n"
	      "ESTAB              10.0.0.1:80              10.0.0.2:9        0      (none)\n"
	      "ESTAB              10.0.0.1:80              10.0.0.2:10       0      (none)\n"
	      "ESTAB              10.0.0.1:80             10.0.0.10:1        0      (none)\n"
	      "LISTEN                 [::]:80                  [::]:0        0      (none)\n"
	      "ESTAB                 [::1]:1                  [::2]:1        0      (none)\n");
}

/* One long address widens every row. */
static void test_widening(void **state)
{
	(void)state;
	check("socket established - 0 1.2.3.4:5 6.7.8.9:10\n"
	      "socket established - 0 [2001:db8:0:0:0:0:0:1]:443 [2001:db8:1:2:3:4:5:6]:65535\n"
	      "socket established - 0 192.0.2.1:443 192.0.2.200:1 v4_mapped\n",
	      TABLE_TEXT,
	      "ESTAB                      1.2.3.4:5                       6.7.8.9:10       0      (none)\n"
	      "ESTAB           [::ffff:192.0.2.1]:443        [::ffff:192.0.2.200]:1        0      (none)\n"
	      "ESTAB                [2001:db8::1]:443      [2001:db8:1:2:3:4:5:6]:65535    0      (none)\n");
}

static void test_hostile_names(void **state)
{
	(void)state;
	check("process 1 1 name=a%0ALISTEN%09%1B[2J%7F%C2%9B%FF%E2%80%AEb%C3%A9\n"
	      "process 2 1 name=\n"
	      "socket listen 0 0 0.0.0.0:1 0.0.0.0:0\n"
	      "socket listen 1 0 0.0.0.0:2 0.0.0.0:0\n",
	      TABLE_TEXT,
	      "LISTEN              0.0.0.0:1                0.0.0.0:0        1      "
	      "a\\nLISTEN\\x09\\x1b[2J\\x7f\\xc2\\x9b\xef\xbf\xbd\\xe2\\x80\\xae"
	      "b\xc3\xa9\n"
	      "LISTEN              0.0.0.0:2                0.0.0.0:0        2      \n");
}

static void test_json(void **state)
{
	(void)state;
	check("", TABLE_JSON, "[\n]\n");
	check("process 7 1 name=a%22%5C%0A%FF%7Fb\n"
	      "socket listen 0 0 0.0.0.0:80 0.0.0.0:0 queues=3,128\n"
	      "socket close_wait 0 0 10.0.0.1:80 10.0.0.2:4000 queues=5,6 credited v4_mapped\n"
	      "socket time_wait - 0 [0:0:0:0:0:0:0:1]:80 -:4000\n"
	      "socket established ? 0 [0:0:0:0:0:0:0:1]:81 [0:0:0:0:0:0:0:2]:1\n",
	      TABLE_JSON,
	      "[\n"
	      "{\"state\":\"listen\",\"family\":4,\"local_address\":\"0.0.0.0\",\"local_port\":80,"
	      "\"remote_address\":\"0.0.0.0\",\"remote_port\":0,\"pid\":7,"
	      "\"process\":\"a\\\"\\\\\\n\xef\xbf\xbd\\u007fb\",\"credited\":false,"
	      "\"accept_queue\":3,\"accept_queue_limit\":128},\n"
	      "{\"state\":\"close_wait\",\"family\":4,\"local_address\":\"::ffff:10.0.0.1\",\"local_port\":80,"
	      "\"remote_address\":\"::ffff:10.0.0.2\",\"remote_port\":4000,\"pid\":7,"
	      "\"process\":\"a\\\"\\\\\\n\xef\xbf\xbd\\u007fb\",\"credited\":true,"
	      "\"receive_queue\":5,\"send_queue\":6},\n"
	      "{\"state\":\"time_wait\",\"family\":6,\"local_address\":\"::1\",\"local_port\":80,"
	      "\"pid\":null,\"process\":\"(none)\",\"credited\":false},\n"
	      "{\"state\":\"established\",\"family\":6,\"local_address\":\"::1\",\"local_port\":81,"
	      "\"remote_address\":\"::2\",\"remote_port\":1,\"pid\":null,\"process\":\"(unknown)\",\"credited\":false}"
	      "\n"
	      "]\n");
}

/* With several namespaces, each row has the inode number of its namespace. */
static void test_json_namespaces(void **state)
{
	(void)state;
	check("netns 77 - -\n"
	      "socket listen - 1 0.0.0.0:80 -:0\n",
	      TABLE_JSON,
	      "[\n{\"state\":\"listen\",\"family\":4,\"netns\":77,\"local_address\":\"0.0.0.0\",\"local_port\":80,"
	      "\"pid\":null,\"process\":\"(none)\",\"credited\":false}\n]\n");
}

static void test_replay_reads_back(void **state)
{
	struct snapshot snapshot =
	                        snapshot_of("process 1 1 name=a\nsocket listen 0 0 0.0.0.0:80 0.0.0.0:0 queues=1,2\n"),
	                again;
	struct replay_fault fault;
	struct textbuf out;

	(void)state;
	textbuf_init(&out, 1 << 16);
	assert_int_equal(table_write(&out, &snapshot, &(const struct table_options){.format = TABLE_REPLAY}), 0);
	snapshot_init(&again);
	assert_int_equal(replay_parse(out.data, out.length, NULL, &again, &fault), 0);
	assert_int_equal(again.socket_count, 1);
	assert_memory_equal(&again.sockets[0], &snapshot.sockets[0], sizeof(*again.sockets));
	snapshot_release(&again);
	snapshot_release(&snapshot);
	textbuf_release(&out);
}

/* Many rows in descending order are written in ascending order, each once. A small limit is a sticky error. */
static void test_many_rows(void **state)
{
	enum { ROWS = 100000 };
	struct snapshot snapshot;
	struct snapshot_netns netns = {.ephemeral_low = 1};
	uint8_t bytes[4] = {10, 0, 0, 0};
	struct textbuf out;
	uint32_t index;
	size_t lines = 0;

	(void)state;
	snapshot_init(&snapshot);
	assert_int_equal(snapshot_add_netns(&snapshot, &netns, &index), 0);
	for (uint32_t i = ROWS; i > 0; i--) {
		struct snapshot_socket *socket = snapshot_add_socket(&snapshot);

		assert_non_null(socket);
		bytes[1] = (uint8_t)(i >> 16);
		bytes[2] = (uint8_t)(i >> 8);
		bytes[3] = (uint8_t)i;
		assert_int_equal(snapshot_intern_address(&snapshot, 0, 4, bytes, &socket->local), 0);
	}
	textbuf_init(&out, 64 << 20);
	assert_int_equal(table_write(&out, &snapshot, &(const struct table_options){.format = TABLE_TEXT}), 0);
	assert_int_equal(out.error, 0);
	for (char *line = out.data, *next; line < out.data + out.length; line = next) {
		unsigned parts[3];

		next = strchr(line, '\n') + 1;
		next[-1] = '\0'; /* sscanf() reads the whole string first */
		lines++;
		assert_int_equal(sscanf(line, "ESTAB 10.%u.%u.%u:0", &parts[0], &parts[1], &parts[2]), 3);
		assert_int_equal(parts[0] << 16 | parts[1] << 8 | parts[2], lines);
	}
	assert_int_equal(lines, ROWS);
	textbuf_release(&out);

	textbuf_init(&out, 1000);
	assert_int_equal(table_write(&out, &snapshot, &(const struct table_options){.format = TABLE_JSON}), 0);
	assert_int_not_equal(out.error, 0);
	textbuf_release(&out);
	snapshot_release(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_columns),         cmocka_unit_test(test_full_columns),
	        cmocka_unit_test(test_states),          cmocka_unit_test(test_owners_and_a_state_nobody_knows),
	        cmocka_unit_test(test_order),           cmocka_unit_test(test_widening),
	        cmocka_unit_test(test_hostile_names),   cmocka_unit_test(test_json),
	        cmocka_unit_test(test_json_namespaces), cmocka_unit_test(test_replay_reads_back),
	        cmocka_unit_test(test_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
