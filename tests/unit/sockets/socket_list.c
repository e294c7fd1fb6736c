/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the list of sockets: it has the sockets behind each sample, the worst first, and their number. */
#include "exporter/sockets/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/replay/parse.h"
#include "metrics/census/listeners.h"

#define HEAD                                                                                                           \
	"tcp_exporter-snapshot 1\nfacts queues close_wait_age\n"                                                       \
	"states established time_wait close_wait listen\nnetns 1 32768 60999\n"

struct fixture {
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct census census;
	struct census_options options;
	struct socket_list list;
	struct textbuf out;
};

static bool keep_all_but_secret(void *data, const char *name, size_t length)
{
	(void)data;
	return length != 6 || memcmp(name, "secret", 6) != 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snapshot_init(&f->snapshot);
	listeners_init(&f->listeners);
	served_ports_init(&f->served);
	census_init(&f->census);
	textbuf_init(&f->out, 1 << 24);
	f->options.keep = keep_all_but_secret;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	textbuf_release(&f->out);
	census_release(&f->census);
	served_ports_release(&f->served);
	listeners_release(&f->listeners);
	snapshot_release(&f->snapshot);
	free(f);
	return 0;
}

static void take(struct fixture *f, const char *rows)
{
	struct replay_fault fault = {0};

	textbuf_reset(&f->out);
	textbuf_printf(&f->out, "%s%send\n", HEAD, rows);
	if (replay_parse(f->out.data, f->out.length, NULL, &f->snapshot, &fault) != 0)
		fail_msg("line %zu: %s", fault.line, fault.reason);
	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	listeners_credit(&f->listeners, &f->snapshot);
	assert_int_equal(served_ports_update(&f->served, &f->snapshot, &f->listeners), 0);
	assert_int_equal(census_take(&f->census, &f->snapshot, &f->served, &f->options), 0);
}

static void list(struct fixture *f, const struct socket_query *query)
{
	const struct census_input input = {&f->census, &f->snapshot, &f->served, &f->options};

	textbuf_reset(&f->out);
	socket_list_write(&f->out, &f->list, query, &input);
	textbuf_putc(&f->out, '\0');
	assert_int_equal(f->out.error, 0);
}

static void test_order_and_fields(void **state)
{
	struct fixture *f = *state;
	struct socket_query query;

	take(f, "process 7 1 name=we\"b\n"
	        "socket listen 0 0 0.0.0.0:80 0.0.0.0:0 queues=2,9\n"
	        "socket close_wait 0 0 10.0.0.1:80 10.0.0.9:40001 queues=5,6 quiet_ms=10\n"
	        "socket established 0 0 10.0.0.1:80 10.0.0.9:40002 queues=1,1\n"
	        "socket time_wait - 0 10.0.0.1:80 10.0.0.9:40003\n"
	        "socket close_wait 0 0 10.0.0.1:80 10.0.0.9:40004\n"
	        "socket close_wait - 0 [0:0:0:0:0:0:0:1]:80 [0:0:0:0:0:0:0:1]:40005 quiet_ms=61234\n");
	socket_query_init(&query);
	list(f, &query);
	assert_string_equal(f->out.data,
	                    "{\"total\":6,\"sockets\":[\n"
	                    "{\"state\":\"close_wait\",\"family\":6,\"local_address\":\"::1\",\"local_port\":80,"
	                    "\"remote_address\":\"::1\",\"remote_port\":40005,\"pid\":null,\"process\":\"(none)\","
	                    "\"credited\":false,\"last_segment_seconds\":61.234},\n"
	                    "{\"state\":\"close_wait\",\"family\":4,\"local_address\":\"10.0.0.1\",\"local_port\":80,"
	                    "\"remote_address\":\"10.0.0.9\",\"remote_port\":40001,\"pid\":7,\"process\":\"we\\\"b\","
	                    "\"credited\":false,\"receive_queue\":5,\"send_queue\":6,\"last_segment_seconds\":0.01},\n"
	                    "{\"state\":\"close_wait\",\"family\":4,\"local_address\":\"10.0.0.1\",\"local_port\":80,"
	                    "\"remote_address\":\"10.0.0.9\",\"remote_port\":40004,\"pid\":7,\"process\":\"we\\\"b\","
	                    "\"credited\":false},\n"
	                    "{\"state\":\"listen\",\"family\":4,\"local_address\":\"0.0.0.0\",\"local_port\":80,"
	                    "\"remote_address\":\"0.0.0.0\",\"remote_port\":0,\"pid\":7,\"process\":\"we\\\"b\","
	                    "\"credited\":false,\"accept_queue\":2,\"accept_queue_limit\":9},\n"
	                    "{\"state\":\"established\",\"family\":4,\"local_address\":\"10.0.0.1\",\"local_port\":80,"
	                    "\"remote_address\":\"10.0.0.9\",\"remote_port\":40002,\"pid\":7,\"process\":\"we\\\"b\","
	                    "\"credited\":false,\"receive_queue\":1,\"send_queue\":1},\n"
	                    "{\"state\":\"time_wait\",\"family\":4,\"local_address\":\"10.0.0.1\",\"local_port\":80,"
	                    "\"remote_address\":\"10.0.0.9\",\"remote_port\":40003,\"pid\":7,\"process\":\"we\\\"b\","
	                    "\"credited\":true}\n]}\n");
}

/* The list has the worst, also if they are the last rows, and the number of all. */
static void test_worst(void **state)
{
	enum { ROWS = 5000 };
	struct fixture *f = *state;
	struct socket_query query;
	struct textbuf rows;

	textbuf_init(&rows, 1 << 20);
	textbuf_puts(&rows, "process 7 1 name=web\nsocket listen 0 0 0.0.0.0:80 0.0.0.0:0\n");
	for (unsigned i = 1; i <= ROWS; i++)
		textbuf_printf(&rows, "socket close_wait 0 0 10.0.0.1:80 10.0.0.9:%u quiet_ms=%u\n", i, i);
	textbuf_putc(&rows, '\0');
	take(f, rows.data);
	textbuf_release(&rows);
	socket_query_init(&query);
	list(f, &query);
	assert_int_equal(f->list.total, ROWS + 1);
	assert_int_equal(f->list.count, SOCKET_LIST_MAX);
	for (size_t i = 0; i < SOCKET_LIST_MAX; i++)
		assert_int_equal(f->snapshot.sockets[f->list.items[i].index].quiet_ms, ROWS - i);
}

/* The total of each sample's query is the sample's value. */
static void check_table(struct fixture *f, const struct census_table *table, bool outbound)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct census_group *group = &table->groups[i];
		struct census_text name = f->census.identities.items[group->key.identity].name;
		char process[64];

		snprintf(process, sizeof(process), "%.*s", (int)name.length,
		         identity_text(&f->census.identities, name));
		for (unsigned s = 0; s < STATE_COUNT; s++) {
			struct socket_query query = {process, STATE_BIT(s), SOCKET_ANY_PORT, SOCKET_ANY_PORT, NULL};

			*(outbound ? &query.remote_port : &query.local_port) = group->key.port;
			list(f, &query);
			assert_int_equal(f->list.total, group->count[s]);
		}
	}
}

static void test_totals_are_the_samples(void **state)
{
	static const enum local_port_mode modes[] = {LOCAL_PORT_SERVED, LOCAL_PORT_ALL, LOCAL_PORT_NONE};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		f->options.local_port = modes[i];
		f->options.remote_port = (enum remote_port_mode)i;
		snapshot_reset(&f->snapshot);
		take(f, "process 7 1 name=web\nprocess 8 2 name=client\nprocess 9 3 name=secret\n"
		        "socket listen 0 0 0.0.0.0:80 0.0.0.0:0\n"
		        "socket established 0 0 10.0.0.1:80 10.0.0.9:40002\n"
		        "socket close_wait 0 0 10.0.0.1:80 10.0.0.9:40004\n"
		        "socket established 1 0 10.0.0.1:40000 10.0.0.9:443\n"
		        "socket close_wait 1 0 10.0.0.1:40001 10.0.0.9:443\n"
		        "socket established 1 0 10.0.0.1:40002 10.0.0.9:50000\n"
		        "socket time_wait - 0 10.0.0.1:40003 10.0.0.9:443\n"
		        "socket time_wait - 0 10.0.0.1:40009 10.0.0.9:40001\n"
		        "socket time_wait - 0 10.0.0.1:40009 10.0.0.9:40002\n"
		        "socket time_wait - 0 10.0.0.1:40009 10.0.0.9:40003\n" /* a crowd: inbound */
		        "socket established 2 0 10.0.0.1:40005 10.0.0.9:443\n");
		check_table(f, &f->census.by_local_port, false);
		check_table(f, &f->census.outbound, true);
	}
}

static void test_filtered_processes_are_not_listed(void **state)
{
	struct fixture *f = *state;
	struct socket_query query;

	take(f, "process 9 3 name=secret\nsocket established 0 0 10.0.0.1:40005 10.0.0.9:443\n");
	socket_query_init(&query);
	list(f, &query);
	assert_string_equal(f->out.data, "{\"total\":0,\"sockets\":[\n]}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_order_and_fields, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_worst, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_totals_are_the_samples, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_filtered_processes_are_not_listed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
