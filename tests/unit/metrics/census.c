/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the census: labels, ports and filters. They compare whole tables. */
#include "tests/unit/metrics/census_fixture.h"

static void assert_by_local_port(struct fixture *f, const char *expected)
{
	assert_string_equal(print(f, &f->census.by_local_port), expected);
}

static void assert_outbound(struct fixture *f, const char *expected)
{
	assert_string_equal(print(f, &f->census.outbound), expected);
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
	                            "curl ephemeral: established 2 syn_sent 1 close_wait 1\n"
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
	assert_int_equal(f->census.identities.count, 1);
}

/* The range of each namespace decides, both ends included. An unknown range has no ephemeral port. */
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
	take(f, &(struct census_options){.labels = LABEL_BIT(LABEL_NETNS), .remote_port = REMOTE_PORT_NONE});
	assert_by_local_port(f, "p 32767 netns=100: established 1\n"
	                        "p 60999 netns=100: established 1 listen 1\n"
	                        "p 61000 netns=100: established 1\n"
	                        "p ephemeral netns=100: established 1\n"
	                        "p ephemeral netns=200: established 4\n"
	                        "p ephemeral netns=300: established 4\n");
	assert_outbound(f, "p netns=100: established 1\n"
	                   "p netns=200: established 4\n"
	                   "p netns=300: established 4\n");
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
		add_client(f, rows_process(&f->snapshot, i + 1, i, names[i]), STATE_ESTABLISHED, 80, ROWS_LOW);
	add_client(f, OWNER_NONE, STATE_TIME_WAIT, 80, ROWS_LOW);
	take(f, &(struct census_options){0});
	assert_by_local_port(f, " 80: established 1\n"
	                        "(none) 80: established 1 time_wait 1\n"
	                        "a 80: established 1\n"
	                        "a\xef\xbf\xbd 80: established 4\n");
	/* Each name is stored once. */
	assert_int_equal(f->census.identities.text.length, strlen("a\xef\xbf\xbd") + strlen("a") + strlen("(none)"));
}

/* Names with an equal beginning are one group. A filter sees the whole names. No character is cut. */
static void test_long_names_are_cut_at_a_character(void **state)
{
	char first[300], second[sizeof(first)], expected[sizeof(first)];
	struct fixture *f = *state;

	memset(first, 'a', sizeof(first));
	memcpy(first + 254, "\xe2\x82\xac", 3);
	first[sizeof(first) - 1] = '\0';
	memcpy(second, first, sizeof(second));
	second[280] = 'b';
	add_client(f, rows_process(&f->snapshot, 1, 1, first), STATE_ESTABLISHED, 80, ROWS_LOW);
	add_client(f, rows_process(&f->snapshot, 2, 2, second), STATE_ESTABLISHED, 80, ROWS_LOW);
	take(f, &(struct census_options){0});
	snprintf(expected, sizeof(expected), "%.254s 80: established 2\n", first);
	assert_by_local_port(f, expected);
}

static void test_order_is_by_bytes_of_the_name(void **state)
{
	static const char *const names[] = {"abcdefgh\xc3\xa9", "abcdefghi", "abcdefgh", "b", "B", "abcdefghia"};
	struct fixture *f = *state;

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_client(f, rows_process(&f->snapshot, i + 1, i, names[i]), STATE_ESTABLISHED, (uint16_t)(90 - i),
		           (uint16_t)(ROWS_LOW + i));
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

static void test_label_names(void **state)
{
	static const char *const names[LABEL_COUNT] = {"pid",       "user",  "exe",    "unit",
	                                               "container", "netns", "family", "local_address"};

	(void)state;
	for (int i = 0; i < LABEL_COUNT; i++)
		assert_string_equal(census_label_name((enum census_label)i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_ports),
	        CENSUS_TEST(test_empty_snapshot),
	        CENSUS_TEST(test_next_census_forgets_the_last),
	        CENSUS_TEST(test_ephemeral_is_by_namespace),
	        CENSUS_TEST(test_optional_labels),
	        CENSUS_TEST(test_names_are_repaired_before_they_are_compared),
	        CENSUS_TEST(test_long_names_are_cut_at_a_character),
	        CENSUS_TEST(test_order_is_by_bytes_of_the_name),
	        CENSUS_TEST(test_rejected_processes_stay_in_the_totals),
	        cmocka_unit_test(test_label_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
