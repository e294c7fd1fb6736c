/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the report: families, labels and samples of small snapshots. */
#include "tests/unit/metrics/report_fixture.h"

#include <errno.h>

static struct snapshot_socket *with_queues(struct snapshot_socket *socket, uint32_t receive, uint32_t send)
{
	socket->flags |= SOCKET_HAS_QUEUES;
	socket->receive_queue = receive;
	socket->send_queue = send;
	return socket;
}

static void add_close_wait(struct fixture *f, uint32_t owner, uint16_t port, int64_t quiet_ms)
{
	struct snapshot_socket *socket = rows_socket(&f->snapshot, owner, STATE_CLOSE_WAIT, "10.0.0.1", port);

	if (quiet_ms < 0)
		return;
	socket->flags |= SOCKET_HAS_QUIET;
	socket->quiet_ms = (uint32_t)quiet_ms;
}

/* Adds a server with a queue and a stuck connection, and a client. */
static void fill(struct fixture *f)
{
	static const struct census_options plain = {0};
	uint32_t nginx = rows_process(&f->snapshot, 10, 1, "nginx"), curl = rows_process(&f->snapshot, 11, 2, "curl");

	f->snapshot.states = FEW_STATES;
	f->snapshot.facts = ALL_FACTS;
	f->snapshot.unreadable_processes = 6;
	f->snapshot.undescribed_processes = 8;
	f->snapshot.shared_sockets = 7;
	f->snapshot.sockets_ns = 2500;
	f->snapshot.owners_ns = 3000000000;
	rows_drops(&f->snapshot, rows_listener(&f->snapshot, nginx, "0.0.0.0", 80, 3), 1, 12);
	with_queues(rows_socket(&f->snapshot, nginx, STATE_ESTABLISHED, "10.0.0.1", 80), 5, 7)->flags |=
	        SOCKET_ZERO_WINDOW;
	with_queues(rows_socket(&f->snapshot, nginx, STATE_ESTABLISHED, "10.0.0.1", 80), 1, 0);
	add_close_wait(f, nginx, 80, 61500);
	add_client(f, curl, STATE_ESTABLISHED, 40000, 443)->flags |= SOCKET_RETRANSMITTING;
	add_client(f, curl, STATE_CLOSED, 40001, 443);
	take(f, &plain);
}

static const char of_host[] = "# TYPE tcp_connections gauge\n"
                              "tcp_connections{state=\"established\",process=\"curl\",local_port=\"ephemeral\"} 1\n"
                              "tcp_connections{state=\"closed\",process=\"curl\",local_port=\"ephemeral\"} 1\n"
                              "tcp_connections{state=\"close_wait\",process=\"curl\",local_port=\"ephemeral\"} 0\n"
                              "tcp_connections{state=\"listen\",process=\"curl\",local_port=\"ephemeral\"} 0\n"
                              "tcp_connections{state=\"established\",process=\"nginx\",local_port=\"80\"} 2\n"
                              "tcp_connections{state=\"close_wait\",process=\"nginx\",local_port=\"80\"} 1\n"
                              "tcp_connections{state=\"listen\",process=\"nginx\",local_port=\"80\"} 1\n"
                              "# TYPE tcp_sockets gauge\n"
                              "tcp_sockets{state=\"established\"} 3\n"
                              "tcp_sockets{state=\"closed\"} 1\n"
                              "tcp_sockets{state=\"close_wait\"} 1\n"
                              "tcp_sockets{state=\"listen\"} 1\n"
                              "# TYPE tcp_outbound_connections gauge\n"
                              "tcp_outbound_connections{state=\"established\",process=\"curl\",remote_port=\"443\"} 1\n"
                              "tcp_outbound_connections{state=\"closed\",process=\"curl\",remote_port=\"443\"} 1\n"
                              "tcp_outbound_connections{state=\"close_wait\",process=\"curl\",remote_port=\"443\"} 0\n"
                              "# TYPE tcp_close_wait_oldest_seconds gauge\n"
                              "tcp_close_wait_oldest_seconds{process=\"curl\",local_port=\"ephemeral\"} 0\n"
                              "tcp_close_wait_oldest_seconds{process=\"nginx\",local_port=\"80\"} 61.5\n"
                              "# TYPE tcp_accept_queue_length gauge\n"
                              "tcp_accept_queue_length{process=\"nginx\",local_port=\"80\"} 3\n"
                              "# TYPE tcp_accept_queue_limit gauge\n"
                              "tcp_accept_queue_limit{process=\"nginx\",local_port=\"80\"} 128\n"
                              "# TYPE tcp_accept_queue_drops_total counter\n"
                              "tcp_accept_queue_drops_total{process=\"nginx\",local_port=\"80\"} 12\n"
                              "# TYPE tcp_receive_queue_bytes gauge\n"
                              "tcp_receive_queue_bytes{process=\"curl\",local_port=\"ephemeral\"} 0\n"
                              "tcp_receive_queue_bytes{process=\"nginx\",local_port=\"80\"} 6\n"
                              "# TYPE tcp_send_queue_bytes gauge\n"
                              "tcp_send_queue_bytes{process=\"curl\",local_port=\"ephemeral\"} 0\n"
                              "tcp_send_queue_bytes{process=\"nginx\",local_port=\"80\"} 7\n"
                              "# TYPE tcp_retransmitting_connections gauge\n"
                              "tcp_retransmitting_connections{process=\"curl\",local_port=\"ephemeral\"} 1\n"
                              "tcp_retransmitting_connections{process=\"nginx\",local_port=\"80\"} 0\n"
                              "# TYPE tcp_zero_window_connections gauge\n"
                              "tcp_zero_window_connections{process=\"curl\",local_port=\"ephemeral\"} 0\n"
                              "tcp_zero_window_connections{process=\"nginx\",local_port=\"80\"} 1\n"
                              "# TYPE tcp_outbound_retransmitting_connections gauge\n"
                              "tcp_outbound_retransmitting_connections{process=\"curl\",remote_port=\"443\"} 1\n"
                              "# TYPE tcp_outbound_zero_window_connections gauge\n"
                              "tcp_outbound_zero_window_connections{process=\"curl\",remote_port=\"443\"} 0\n"
                              "# TYPE tcp_ephemeral_ports_used gauge\n"
                              "tcp_ephemeral_ports_used 2\n"
                              "# TYPE tcp_ephemeral_ports_limit gauge\n"
                              "tcp_ephemeral_ports_limit 28232\n";

static const char of_exporter[] =
        "# TYPE tcp_exporter_build_info gauge\n"
        "tcp_exporter_build_info{version=\"1.2\",revision=\"abc\",compiler=\"gcc \\\"12\\\"\"} 1\n"
        "# TYPE tcp_exporter_backend_info gauge\n"
        "tcp_exporter_backend_info{backend=\"replay\"} 1\n"
        "# TYPE tcp_exporter_scrapes_total counter\n"
        "tcp_exporter_scrapes_total 9\n"
        "# TYPE tcp_exporter_scrape_errors_total counter\n"
        "tcp_exporter_scrape_errors_total{cause=\"memory\"} 0\n"
        "tcp_exporter_scrape_errors_total{cause=\"descriptors\"} 0\n"
        "tcp_exporter_scrape_errors_total{cause=\"permission\"} 0\n"
        "tcp_exporter_scrape_errors_total{cause=\"timeout\"} 4\n"
        "tcp_exporter_scrape_errors_total{cause=\"system\"} 0\n"
        "# TYPE tcp_exporter_folded_series gauge\n"
        "tcp_exporter_folded_series 0\n"
        "# TYPE tcp_exporter_unreadable_processes gauge\n"
        "tcp_exporter_unreadable_processes 6\n"
        "# TYPE tcp_exporter_undescribed_processes gauge\n"
        "tcp_exporter_undescribed_processes 8\n"
        "# TYPE tcp_exporter_shared_sockets gauge\n"
        "tcp_exporter_shared_sockets 7\n"
        "# TYPE tcp_exporter_http_requests_total counter\n"
        "tcp_exporter_http_requests_total{code=\"200\"} 8\n"
        "tcp_exporter_http_requests_total{code=\"400\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"401\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"404\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"405\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"406\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"408\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"411\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"413\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"414\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"429\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"431\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"503\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"505\"} 0\n"
        "tcp_exporter_http_requests_total{code=\"other\"} 1\n"
        "# TYPE tcp_exporter_http_requests_in_flight gauge\n"
        "tcp_exporter_http_requests_in_flight 2\n"
        "# TYPE tcp_exporter_tls_handshake_errors_total counter\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"http\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"certificate\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"version\"} 3\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"cipher\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"alert\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"closed\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"timeout\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"dropped\"} 0\n"
        "tcp_exporter_tls_handshake_errors_total{reason=\"other\"} 0\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 1.5\n"
        "# TYPE process_resident_memory_bytes gauge\n"
        "process_resident_memory_bytes 4096\n"
        "# TYPE process_virtual_memory_bytes gauge\n"
        "process_virtual_memory_bytes 8192\n"
        "# TYPE process_virtual_memory_max_bytes gauge\n"
        "process_virtual_memory_max_bytes 16384\n"
        "# TYPE process_open_fds gauge\n"
        "process_open_fds 5\n"
        "# TYPE process_max_fds gauge\n"
        "process_max_fds 1024\n"
        "# TYPE process_start_time_seconds gauge\n"
        "process_start_time_seconds 1700000000.25\n"
        "# TYPE tcp_exporter_scrape_duration_seconds gauge\n"
        "tcp_exporter_scrape_duration_seconds{phase=\"sockets\"} 0.0000025\n"
        "tcp_exporter_scrape_duration_seconds{phase=\"owners\"} 3\n"
        "tcp_exporter_scrape_duration_seconds{phase=\"aggregate\"} 1.000000001\n"
        "tcp_exporter_scrape_duration_seconds{phase=\"encode\"} 0.0000015\n";

static void test_whole(void **state)
{
	struct fixture *f = *state;
	struct report_options options = everything;

	fill(f);
	options.families = METRICS_ALL & ~METRICS_OF_EXPORTER;
	assert_report(f, &options, KEEP_TYPES, of_host);
	options.families = METRICS_OF_EXPORTER;
	assert_report(f, &options, KEEP_TYPES, of_exporter);
}

static void test_formats_differ_in_metadata_only(void **state)
{
	struct fixture *f = *state;
	struct report_options options = everything;
	char *openmetrics, *text;

	fill(f);
	options.families &= ~METRIC_BIT(METRIC_SCRAPE_DURATION); /* it takes time */
	text = report_text(f, &self, &options, KEEP_SAMPLES);
	options.format = FORMAT_OPENMETRICS;
	openmetrics = report_text(f, &self, &options, KEEP_SAMPLES);
	assert_string_equal(text, openmetrics);
	free(openmetrics);
	free(text);
}

static void test_chosen_families(void **state)
{
	struct fixture *f = *state;
	struct report_options options = everything;

	fill(f);
	options.format = FORMAT_OPENMETRICS;
	options.families = METRIC_BIT(METRIC_SHARED_SOCKETS) | METRIC_BIT(METRIC_SOCKETS);
	assert_report(f, &options, KEEP_TYPES,
	              "# TYPE tcp_sockets gauge\n"
	              "tcp_sockets{state=\"established\"} 3\n"
	              "tcp_sockets{state=\"closed\"} 1\n"
	              "tcp_sockets{state=\"close_wait\"} 1\n"
	              "tcp_sockets{state=\"listen\"} 1\n"
	              "# TYPE tcp_exporter_shared_sockets gauge\n"
	              "tcp_exporter_shared_sockets 7\n");
	options.families = 0;
	assert_report(f, &options, KEEP_ALL, "# EOF\n");
}

static void test_absent_facts(void **state)
{
	static const struct census_options plain = {0};
	struct fixture *f = *state;
	struct report_self own = self;
	char *text;

	f->snapshot.netns[0].ephemeral_low = 1;
	f->snapshot.netns[0].ephemeral_high = 0;
	f->snapshot.states = FEW_STATES;
	take(f, &plain);
	memset(&own.process, 0xff, sizeof(own.process));
	own.process.open_fds = 0; /* known to be none */
	text = report_text(f, &own, &everything, KEEP_TYPES);
	for (char *line = text, *to = text; *line;) { /* the types alone */
		char *next = strchr(line, '\n') + 1;
		bool is_type = line[0] == '#';

		if (is_type)
			memmove(to, line, (size_t)(next - line));
		to += is_type ? next - line : 0;
		line = next;
		if (!*line)
			*to = '\0';
	}
	assert_string_equal(text, "# TYPE tcp_connections gauge\n"
	                          "# TYPE tcp_sockets gauge\n"
	                          "# TYPE tcp_outbound_connections gauge\n"
	                          "# TYPE tcp_exporter_build_info gauge\n"
	                          "# TYPE tcp_exporter_backend_info gauge\n"
	                          "# TYPE tcp_exporter_scrapes_total counter\n"
	                          "# TYPE tcp_exporter_scrape_errors_total counter\n"
	                          "# TYPE tcp_exporter_folded_series gauge\n"
	                          "# TYPE tcp_exporter_http_requests_total counter\n"
	                          "# TYPE tcp_exporter_http_requests_in_flight gauge\n"
	                          "# TYPE tcp_exporter_tls_handshake_errors_total counter\n"
	                          "# TYPE process_open_fds gauge\n"
	                          "# TYPE tcp_exporter_scrape_duration_seconds gauge\n");
	free(text);
}

static void test_optional_labels(void **state)
{
	static const struct census_options options = {.labels = (1u << LABEL_COUNT) - 1};
	struct fixture *f = *state;
	uint32_t process = rows_process(&f->snapshot, 77, 1, "a\"b\\c\nd\xff");
	struct snapshot *snapshot = &f->snapshot;

	assert_int_equal(snapshot_set_text(snapshot, process, PROCESS_USER, "www", 3), 0);
	assert_int_equal(snapshot_set_text(snapshot, process, PROCESS_EXE, "/x", 2), 0);
	assert_int_equal(snapshot_set_text(snapshot, process, PROCESS_UNIT, "u.service", 9), 0);
	assert_int_equal(snapshot_set_text(snapshot, process, PROCESS_CONTAINER, "c0", 2), 0);
	rows_listener(snapshot, process, "2001:db8::1", 80, 0);
	rows_socket(snapshot, OWNER_NONE, STATE_TIME_WAIT, "10.0.0.1", 50000)->remote_port = 22;
	take(f, &options);
	assert_families(f, METRIC_BIT(METRIC_CONNECTIONS) | METRIC_BIT(METRIC_OUTBOUND_CONNECTIONS), MANY_SERIES,
	                "tcp_connections{state=\"time_wait\",process=\"(none)\",local_port=\"ephemeral\",netns=\"100\","
	                "family=\"ipv4\",local_address=\"10.0.0.1\"} 1\n"
	                "tcp_connections{state=\"listen\",process=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",local_port=\"80\","
	                "pid=\"77\",user=\"www\",exe=\"/x\",unit=\"u.service\",container=\"c0\",netns=\"100\","
	                "family=\"ipv6\",local_address=\"2001:db8::1\"} 1\n"
	                "tcp_outbound_connections{state=\"time_wait\",process=\"(none)\",remote_port=\"22\","
	                "netns=\"100\",family=\"ipv4\",local_address=\"10.0.0.1\"} 1\n");
}

static void test_no_local_port(void **state)
{
	static const struct census_options options = {.local_port = LOCAL_PORT_NONE};
	struct fixture *f = *state;

	rows_listener(&f->snapshot, rows_process(&f->snapshot, 1, 1, "sshd"), "::", 22, 0);
	take(f, &options);
	assert_families(f, METRIC_BIT(METRIC_CONNECTIONS), MANY_SERIES,
	                "tcp_connections{state=\"listen\",process=\"sshd\"} 1\n");
}

static void test_oldest_close_wait(void **state)
{
	static const struct census_options plain = {0};
	struct fixture *f = *state;
	uint32_t owner = rows_process(&f->snapshot, 1, 1, "p");

	f->snapshot.facts = FACT_CLOSE_WAIT_AGE;
	rows_socket(&f->snapshot, owner, STATE_ESTABLISHED, "10.0.0.1", 1);
	add_close_wait(f, owner, 2, -1);
	add_close_wait(f, owner, 3, 0);
	add_close_wait(f, owner, 4, 20);
	add_close_wait(f, owner, 4, UINT32_MAX);
	add_close_wait(f, owner, 4, -1);
	take(f, &plain);
	assert_families(f, METRIC_BIT(METRIC_CLOSE_WAIT_OLDEST), MANY_SERIES,
	                "tcp_close_wait_oldest_seconds{process=\"p\",local_port=\"1\"} 0\n"
	                "tcp_close_wait_oldest_seconds{process=\"p\",local_port=\"3\"} 0\n"
	                "tcp_close_wait_oldest_seconds{process=\"p\",local_port=\"4\"} 4294967.295\n");
}

static void test_limit(void **state)
{
	struct fixture *f = *state;
	const struct report_input input = {&f->snapshot, &f->census, &self};
	struct report_folding folding;
	struct textbuf out;

	fill(f);
	textbuf_init(&out, 5000);
	report_folding_init(&folding);
	assert_int_equal(report_write(&out, &input, &folding, &everything), -EFBIG);
	textbuf_release(&out);
	textbuf_init(&out, TEXT_LIMIT);
	assert_int_equal(report_write(&out, &input, &folding, &everything), 0);
	assert_true(out.length > 5000);
	textbuf_release(&out);
	report_folding_release(&folding);
}

static void test_names_of_causes_and_codes(void **state)
{
	(void)state;
	assert_string_equal(scrape_cause_name(CAUSE_MEMORY), "memory");
	assert_string_equal(scrape_cause_name(CAUSE_SYSTEM), "system");
	for (int i = 0; i < CAUSE_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(scrape_cause_name((enum scrape_cause)i),
			                        scrape_cause_name((enum scrape_cause)k));
	for (int i = 0; i + 1 < HTTP_CODE_COUNT; i++) {
		assert_in_range(http_codes[i], 200, 599);
		assert_true(i == 0 || http_codes[i - 1] < http_codes[i]);
	}
	assert_int_equal(http_codes[HTTP_CODE_COUNT - 1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_whole),
	        CENSUS_TEST(test_formats_differ_in_metadata_only),
	        CENSUS_TEST(test_chosen_families),
	        CENSUS_TEST(test_absent_facts),
	        CENSUS_TEST(test_optional_labels),
	        CENSUS_TEST(test_no_local_port),
	        CENSUS_TEST(test_oldest_close_wait),
	        CENSUS_TEST(test_limit),
	        cmocka_unit_test(test_names_of_causes_and_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
