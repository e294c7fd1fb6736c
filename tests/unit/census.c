/* SPDX-License-Identifier: Apache-2.0 */
/* The count: labels, ports, filters, queues, ages, ephemeral ports. Whole tables are compared. */
#include "groups.h"

#include <stdlib.h>

struct fixture {
	struct snapshot snapshot;
	struct listeners listeners;
	struct census census;
	char text[8192];
};

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	if (!f)
		return -1;
	snapshot_init(&f->snapshot);
	listeners_init(&f->listeners);
	census_init(&f->census);
	rows_netns(&f->snapshot, 100);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	snapshot_release(&f->snapshot);
	listeners_release(&f->listeners);
	census_release(&f->census);
	free(f);
	return 0;
}

static void take(struct fixture *f, const struct census_options *options)
{
	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	listeners_credit(&f->listeners, &f->snapshot);
	assert_int_equal(census_take(&f->census, &f->snapshot, &f->listeners, options), 0);
}

/* "labels: state count ...", a line for each group. */
static const char *print(struct fixture *f, const struct census_table *table)
{
	char *at = f->text, *end = f->text + sizeof(f->text);

	*at = '\0';
	for (size_t i = 0; i < table->count; i++) {
		char labels[GROUPS_LINE];

		groups_labels(labels, &f->census, &f->snapshot, &table->groups[i]);
		at += snprintf(at, (size_t)(end - at), "%s:", labels);
		for (int s = 0; s < STATE_COUNT; s++) {
			if (table->groups[i].count[s])
				at += snprintf(at, (size_t)(end - at), " %s %" PRIu32, state_name((enum socket_state)s),
				               table->groups[i].count[s]);
		}
		at += snprintf(at, (size_t)(end - at), "\n");
	}
	return f->text;
}

static void assert_by_local_port(struct fixture *f, const char *expected)
{
	assert_string_equal(print(f, &f->census.by_local_port), expected);
}

static void assert_outbound(struct fixture *f, const char *expected)
{
	assert_string_equal(print(f, &f->census.outbound), expected);
}

static void add_client(struct fixture *f, uint32_t owner, enum socket_state state, uint16_t local_port,
                       uint16_t remote_port)
{
	rows_socket(&f->snapshot, owner, state, "10.0.0.1", local_port)->remote_port = remote_port;
}

static void add_server_and_clients(struct fixture *f)
{
	uint32_t sshd = rows_process(&f->snapshot, 1, 1, "sshd"), curl = rows_process(&f->snapshot, 2, 2, "curl");

	rows_listener(&f->snapshot, sshd, "0.0.0.0", 22, 0);
	rows_listener(&f->snapshot, sshd, "::", 40022, 0);
	add_client(f, sshd, STATE_ESTABLISHED, 22, 50000);
	add_client(f, sshd, STATE_CLOSE_WAIT, 22, 50001);
	add_client(f, sshd, STATE_ESTABLISHED, 40022, 50001);
	add_client(f, curl, STATE_ESTABLISHED, 40000, 443);
	add_client(f, curl, STATE_SYN_SENT, 40001, 443);
	add_client(f, curl, STATE_CLOSE_WAIT, 40002, 80);
	add_client(f, curl, STATE_ESTABLISHED, 1023, 514);
	add_client(f, OWNER_NONE, STATE_TIME_WAIT, 22, 50003);
	add_client(f, OWNER_NONE, STATE_TIME_WAIT, 40003, 443);
	add_client(f, OWNER_UNKNOWN, STATE_ESTABLISHED, 22, 50004);
}

static void test_ports(void **state)
{
	static const struct {
		enum local_port_mode mode;
		const char *by_local_port;
	} cases[] = {
	        {LOCAL_PORT_SERVED, "(none) ephemeral: time_wait 1\n"
	                            "(unknown) 22: established 1\n"
	                            "curl 1023: established 1\n"
	                            "curl ephemeral: established 1 syn_sent 1 close_wait 1\n"
	                            "sshd 22: established 1 time_wait 1 close_wait 1 listen 1\n"
	                            "sshd 40022: established 1 listen 1\n"},
	        {LOCAL_PORT_ALL, "(none) 40003: time_wait 1\n"
	                         "(unknown) 22: established 1\n"
	                         "curl 1023: established 1\n"
	                         "curl 40000: established 1\n"
	                         "curl 40001: syn_sent 1\n"
	                         "curl 40002: close_wait 1\n"
	                         "sshd 22: established 1 time_wait 1 close_wait 1 listen 1\n"
	                         "sshd 40022: established 1 listen 1\n"},
	        {LOCAL_PORT_NONE, "(none): time_wait 1\n"
	                          "(unknown): established 1\n"
	                          "curl: established 2 syn_sent 1 close_wait 1\n"
	                          "sshd: established 2 time_wait 1 close_wait 1 listen 2\n"},
	};
	struct fixture *f = *state;

	add_server_and_clients(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		take(f, &(struct census_options){.local_port = cases[i].mode});
		assert_by_local_port(f, cases[i].by_local_port);
		assert_outbound(f, "(none) 443: time_wait 1\n"
		                   "curl 80: close_wait 1\n"
		                   "curl 443: established 1 syn_sent 1\n"
		                   "curl 514: established 1\n");
	}
}

static void test_empty_snapshot(void **state)
{
	struct fixture *f = *state;

	snapshot_reset(&f->snapshot);
	take(f, &(struct census_options){0});
	assert_by_local_port(f, "");
	assert_outbound(f, "");
	assert_int_equal(f->census.ephemeral_limit, 0);
}

static void test_next_census_forgets_the_last(void **state)
{
	struct fixture *f = *state;

	add_server_and_clients(f);
	take(f, &(struct census_options){.labels = LABEL_BIT(LABEL_PID)});
	snapshot_reset(&f->snapshot);
	rows_netns(&f->snapshot, 100);
	add_client(f, rows_process(&f->snapshot, 9, 9, "wget"), STATE_ESTABLISHED, 40000, 80);
	take(f, &(struct census_options){0});
	assert_by_local_port(f, "wget ephemeral: established 1\n");
	assert_outbound(f, "wget 80: established 1\n");
	assert_int_equal(f->census.states[STATE_ESTABLISHED], 1);
	assert_int_equal(f->census.states[STATE_LISTEN], 0);
	assert_int_equal(f->census.ephemeral_used, 1);
	assert_int_equal(f->census.identity_count, 1);
}

/* Ends of the range, a range that is not known, and ranges of other namespaces. */
static void test_ephemeral_is_by_namespace(void **state)
{
	struct fixture *f = *state;
	const struct snapshot_netns unknown = {200, 1, 0}, all = {300, 0, 65535};
	const uint16_t ports[] = {ROWS_LOW - 1, ROWS_LOW, ROWS_HIGH, ROWS_HIGH + 1};
	uint32_t process = rows_process(&f->snapshot, 1, 1, "p"), netns[3] = {0};

	assert_int_equal(snapshot_add_netns(&f->snapshot, &unknown, &netns[1]), 0);
	assert_int_equal(snapshot_add_netns(&f->snapshot, &all, &netns[2]), 0);
	rows_listener(&f->snapshot, process, "0.0.0.0", ROWS_HIGH, 0);
	for (size_t n = 0; n < 3; n++) {
		for (size_t i = 0; i < 4; i++) {
			uint32_t local = rows_address(&f->snapshot, netns[n], "10.0.0.1");

			rows_socket(&f->snapshot, process, STATE_ESTABLISHED, "10.0.0.1", ports[i])->local = local;
		}
	}
	take(f, &(struct census_options){.labels = LABEL_BIT(LABEL_NETNS)});
	assert_by_local_port(f, "p 32767 netns=100: established 1\n"
	                        "p 32767 netns=200: established 1\n"
	                        "p 32768 netns=200: established 1\n"
	                        "p 60999 netns=100: established 1 listen 1\n"
	                        "p 60999 netns=200: established 1\n"
	                        "p 61000 netns=100: established 1\n"
	                        "p 61000 netns=200: established 1\n"
	                        "p ephemeral netns=100: established 1\n"
	                        "p ephemeral netns=300: established 4\n");
	assert_outbound(f, "p 0 netns=100: established 3\n"
	                   "p 0 netns=200: established 4\n"
	                   "p 0 netns=300: established 4\n");
}

static void add_texts(struct fixture *f, uint32_t process, const char *user, const char *exe)
{
	assert_int_equal(snapshot_set_text(&f->snapshot, process, PROCESS_USER, user, strlen(user)), 0);
	assert_int_equal(snapshot_set_text(&f->snapshot, process, PROCESS_EXE, exe, strlen(exe)), 0);
	assert_int_equal(snapshot_set_text(&f->snapshot, process, PROCESS_UNIT, "u.service", 9), 0);
}

static void add_labelled(struct fixture *f)
{
	uint32_t a = rows_process(&f->snapshot, 11, 1, "w"), b = rows_process(&f->snapshot, 9, 2, "w");
	uint32_t netns = rows_netns(&f->snapshot, 50), local = rows_address(&f->snapshot, netns, "10.0.0.1");

	add_texts(f, a, "root", "/b");
	add_texts(f, b, "root", "/a");
	rows_socket(&f->snapshot, a, STATE_ESTABLISHED, "10.0.0.1", 80);
	rows_socket(&f->snapshot, b, STATE_CLOSE_WAIT, "::ffff:10.0.0.1", 80);
	rows_socket(&f->snapshot, b, STATE_LAST_ACK, "fe80::1", 80);
	rows_socket(&f->snapshot, b, STATE_CLOSING, "9.0.0.1", 80)->local = local;
	rows_socket(&f->snapshot, OWNER_NONE, STATE_TIME_WAIT, "10.0.0.1", 80);
}

static void test_optional_labels(void **state)
{
	static const struct {
		unsigned labels;
		const char *by_local_port;
	} cases[] = {
	        {0, "(none) 80: time_wait 1\n"
	            "w 80: established 1 close_wait 1 last_ack 1 closing 1\n"},
	        {LABEL_BIT(LABEL_PID), "(none) 80: time_wait 1\n"
	                               "w 80 pid=9: close_wait 1 last_ack 1 closing 1\n"
	                               "w 80 pid=11: established 1\n"},
	        {LABEL_BIT(LABEL_USER), "(none) 80: time_wait 1\n"
	                                "w 80 user=root: established 1 close_wait 1 last_ack 1 closing 1\n"},
	        {LABEL_BIT(LABEL_EXE), "(none) 80: time_wait 1\n"
	                               "w 80 exe=/a: close_wait 1 last_ack 1 closing 1\n"
	                               "w 80 exe=/b: established 1\n"},
	        {LABEL_BIT(LABEL_UNIT) | LABEL_BIT(LABEL_CONTAINER),
	         "(none) 80: time_wait 1\n"
	         "w 80 unit=u.service: established 1 close_wait 1 last_ack 1 closing 1\n"},
	        {LABEL_BIT(LABEL_NETNS), "(none) 80 netns=100: time_wait 1\n"
	                                 "w 80 netns=50: closing 1\n"
	                                 "w 80 netns=100: established 1 close_wait 1 last_ack 1\n"},
	        {LABEL_BIT(LABEL_FAMILY), "(none) 80 family=4: time_wait 1\n"
	                                  "w 80 family=4: established 1 close_wait 1 closing 1\n"
	                                  "w 80 family=6: last_ack 1\n"},
	        {LABEL_BIT(LABEL_LOCAL_ADDRESS), "(none) 80 address=10.0.0.1: time_wait 1\n"
	                                         "w 80 address=10.0.0.1: established 1 close_wait 1 closing 1\n"
	                                         "w 80 address=fe80::1: last_ack 1\n"},
	        {LABEL_BIT(LABEL_LOCAL_ADDRESS) | LABEL_BIT(LABEL_NETNS),
	         "(none) 80 netns=100 address=10.0.0.1: time_wait 1\n"
	         "w 80 netns=50 address=10.0.0.1: closing 1\n"
	         "w 80 netns=100 address=10.0.0.1: established 1 close_wait 1\n"
	         "w 80 netns=100 address=fe80::1: last_ack 1\n"},
	};
	struct fixture *f = *state;

	add_labelled(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		take(f, &(struct census_options){.labels = cases[i].labels});
		assert_by_local_port(f, cases[i].by_local_port);
	}
}

/* Names that differ only in bytes that are not UTF-8 are one label value, hence one group. */
static void test_names_are_repaired_before_they_are_compared(void **state)
{
	static const char *const names[] = {"a\xff", "a\xfe", "a\xef\xbf\xbd", "a", "(none)", "a\xff", ""};
	struct fixture *f = *state;

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_client(f, rows_process(&f->snapshot, i + 1, i, names[i]), STATE_ESTABLISHED, 80, 0);
	add_client(f, OWNER_NONE, STATE_TIME_WAIT, 80, 0);
	take(f, &(struct census_options){0});
	assert_by_local_port(f, " 80: established 1\n"
	                        "(none) 80: established 1 time_wait 1\n"
	                        "a 80: established 1\n"
	                        "a\xef\xbf\xbd 80: established 4\n");
}

static void test_order_is_by_bytes_of_the_name(void **state)
{
	static const char *const names[] = {"abcdefgh\xc3\xa9", "abcdefghi", "abcdefgh", "b", "B", "abcdefghia"};
	struct fixture *f = *state;

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_client(f, rows_process(&f->snapshot, i + 1, i, names[i]), STATE_ESTABLISHED, (uint16_t)(90 - i), 0);
	take(f, &(struct census_options){0});
	assert_by_local_port(f, "B 86: established 1\n"
	                        "abcdefgh 88: established 1\n"
	                        "abcdefghi 89: established 1\n"
	                        "abcdefghia 85: established 1\n"
	                        "abcdefgh\xc3\xa9 90: established 1\n"
	                        "b 87: established 1\n");
}

struct asked {
	char names[256]; /* each followed by a newline */
	const char *refuse;
};

static bool keep_all_but_one(void *data, const char *name, size_t length)
{
	struct asked *asked = data;
	size_t used = strlen(asked->names);

	snprintf(asked->names + used, sizeof(asked->names) - used, "%.*s\n", (int)length, name);
	return length != strlen(asked->refuse) || memcmp(name, asked->refuse, length) != 0;
}

static void test_rejected_processes_stay_in_the_totals(void **state)
{
	struct asked asked = {.refuse = "curl"};
	struct fixture *f = *state;

	add_server_and_clients(f);
	take(f, &(struct census_options){.keep = keep_all_but_one, .keep_data = &asked});
	assert_string_equal(asked.names, "sshd\ncurl\n(none)\n(unknown)\n");
	assert_by_local_port(f, "(none) ephemeral: time_wait 1\n"
	                        "(unknown) 22: established 1\n"
	                        "sshd 22: established 1 time_wait 1 close_wait 1 listen 1\n"
	                        "sshd 40022: established 1 listen 1\n");
	assert_outbound(f, "(none) 443: time_wait 1\n");
	assert_int_equal(f->census.states[STATE_ESTABLISHED], 5);
	assert_int_equal(f->census.states[STATE_SYN_SENT], 1);
	assert_int_equal(f->census.states[STATE_LISTEN], 2);
	assert_int_equal(f->census.ephemeral_used, 5);

	asked = (struct asked){.refuse = "a\xef\xbf\xbd"};
	snapshot_reset(&f->snapshot);
	rows_netns(&f->snapshot, 100);
	add_client(f, rows_process(&f->snapshot, 1, 1, "a\x80"), STATE_ESTABLISHED, 80, 0);
	take(f, &(struct census_options){.keep = keep_all_but_one, .keep_data = &asked});
	assert_by_local_port(f, "");
}

static void set_queues(struct snapshot_socket *socket, uint32_t receive, uint32_t send, uint8_t flags)
{
	socket->receive_queue = receive;
	socket->send_queue = send;
	socket->flags |= flags;
}

static void test_queues_of_connections_and_listeners(void **state)
{
	struct fixture *f = *state;
	uint32_t p = rows_process(&f->snapshot, 1, 1, "p");
	const struct census_group *group;

	rows_listener(&f->snapshot, p, "0.0.0.0", 80, 3);
	rows_listener(&f->snapshot, p, "0.0.0.0", 80, 4);
	set_queues(rows_socket(&f->snapshot, p, STATE_ESTABLISHED, "10.0.0.1", 80), 10, UINT32_MAX, SOCKET_HAS_QUEUES);
	set_queues(rows_socket(&f->snapshot, p, STATE_CLOSE_WAIT, "10.0.0.1", 80), 20, UINT32_MAX, SOCKET_HAS_QUEUES);
	set_queues(rows_socket(&f->snapshot, p, STATE_ESTABLISHED, "10.0.0.1", 80), 7, 7, 0);
	set_queues(rows_socket(&f->snapshot, p, STATE_LISTEN, "10.0.0.1", 80), 7, 7, 0);
	take(f, &(struct census_options){0});
	assert_int_equal(f->census.by_local_port.count, 1);
	group = f->census.by_local_port.groups;
	assert_int_equal(group->receive_bytes, 30);
	assert_int_equal(group->send_bytes, 2 * (uint64_t)UINT32_MAX);
	assert_int_equal(group->queue_length, 7);
	assert_int_equal(group->queue_limit, 256);
}

static void test_close_wait_age(void **state)
{
	struct fixture *f = *state;
	uint32_t p = rows_process(&f->snapshot, 1, 1, "p");
	const uint32_t ages[] = {5000, 9000, 1};
	const struct census_group *group;

	for (size_t i = 0; i < 3; i++) {
		struct snapshot_socket *socket = rows_socket(&f->snapshot, p, STATE_CLOSE_WAIT, "10.0.0.1", 80);

		socket->quiet_ms = ages[i];
		socket->flags |= SOCKET_HAS_QUIET;
	}
	rows_socket(&f->snapshot, p, STATE_CLOSE_WAIT, "10.0.0.1", 80)->quiet_ms = 99999;
	rows_socket(&f->snapshot, p, STATE_ESTABLISHED, "10.0.0.1", 80)->quiet_ms = 99999;
	f->snapshot.sockets[4].flags |= SOCKET_HAS_QUIET;
	take(f, &(struct census_options){0});
	group = f->census.by_local_port.groups;
	assert_int_equal(group->aged, 3);
	assert_int_equal(group->oldest_ms, 9000);
	assert_int_equal(group->count[STATE_CLOSE_WAIT], 4);
}

static void test_ephemeral_ports(void **state)
{
	static const struct {
		uint16_t low, high, reserved;
		uint64_t used, limit;
	} cases[] = {
	        {32768, 60999, 0, 2, 28232}, {32768, 60999, 40000, 1, 28231}, {40000, 40000, 0, 1, 1},
	        {40000, 40000, 40000, 0, 0}, {0, 65535, 1, 5, 65535},         {1, 0, 0, 0, 0},
	        {65535, 65535, 0, 1, 1},     {39999, 40001, 39999, 1, 2},     {60999, 32768, 0, 0, 0},
	        {32767, 32768, 0, 1, 2},
	};
	static const uint16_t ports[] = {80, 32767, 40000, 40000, 60999, 65535};
	struct fixture *f = *state;
	uint32_t elsewhere = rows_address(&f->snapshot, rows_netns(&f->snapshot, 200), "10.0.0.1");

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		add_client(f, OWNER_NONE, STATE_TIME_WAIT, ports[i], 0);
	add_client(f, OWNER_NONE, STATE_TIME_WAIT, 50000, 0);
	f->snapshot.sockets[f->snapshot.socket_count - 1].local = elsewhere;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->snapshot.netns[0].ephemeral_low = cases[i].low;
		f->snapshot.netns[0].ephemeral_high = cases[i].high;
		memset(&f->snapshot.reserved, 0, sizeof(f->snapshot.reserved));
		if (cases[i].reserved)
			port_set_add(&f->snapshot.reserved, cases[i].reserved);
		take(f, &(struct census_options){0});
		assert_int_equal(f->census.ephemeral_used, cases[i].used);
		assert_int_equal(f->census.ephemeral_limit, cases[i].limit);
	}
}

static void test_label_names(void **state)
{
	static const char *const names[LABEL_COUNT] = {"pid",       "user",  "exe",    "unit",
	                                               "container", "netns", "family", "local_address"};

	(void)state;
	for (int i = 0; i < LABEL_COUNT; i++)
		assert_string_equal(census_label_name((enum census_label)i), names[i]);
}

/* As many groups as rows, then few again: the tables grow, and are right after they have shrunk. */
static void test_many_groups(void **state)
{
	enum { MANY = 30000 };
	struct fixture *f = *state;
	uint32_t p = rows_process(&f->snapshot, 1, 1, "p");

	for (int round = 0; round < 4; round++) {
		uint32_t count = round % 2 ? 3 : MANY;

		f->snapshot.socket_count = 0;
		for (uint32_t i = 0; i < count; i++)
			add_client(f, p, STATE_ESTABLISHED, (uint16_t)(i * 7 % MANY), (uint16_t)i);
		take(f, &(struct census_options){.local_port = LOCAL_PORT_ALL});
		assert_int_equal(f->census.by_local_port.count, count);
		assert_int_equal(f->census.outbound.count, count);
		for (uint32_t i = 1; i < count; i++)
			assert_true(f->census.by_local_port.groups[i - 1].port <
			            f->census.by_local_port.groups[i].port);
	}
}

#define CENSUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_ports),
	        CENSUS_TEST(test_empty_snapshot),
	        CENSUS_TEST(test_next_census_forgets_the_last),
	        CENSUS_TEST(test_ephemeral_is_by_namespace),
	        CENSUS_TEST(test_optional_labels),
	        CENSUS_TEST(test_names_are_repaired_before_they_are_compared),
	        CENSUS_TEST(test_order_is_by_bytes_of_the_name),
	        CENSUS_TEST(test_rejected_processes_stay_in_the_totals),
	        CENSUS_TEST(test_queues_of_connections_and_listeners),
	        CENSUS_TEST(test_close_wait_age),
	        CENSUS_TEST(test_ephemeral_ports),
	        cmocka_unit_test(test_label_names),
	        CENSUS_TEST(test_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
