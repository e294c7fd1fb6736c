/* SPDX-License-Identifier: Apache-2.0 */
/* The table of metric families. */
#include "metrics/report/catalog.h"

#include <assert.h>
#include <string.h>

/* A set of families is a 64-bit mask, and METRICS_ALL needs one bit more than the last family's. */
static_assert(METRIC_COUNT < 64, "too many families for METRIC_BIT()");
static_assert(METRIC_SCRAPE_DURATION == METRIC_COUNT - 1, "the duration of the writing is written last");

const struct metric catalog[METRIC_COUNT] = {
        [METRIC_CONNECTIONS] = {"tcp_connections", METRIC_GAUGE, "", "state,process,local_port",
                                "TCP sockets by state, owning process and local port; each socket is counted once, "
                                "those no process holds with the listener on their port, and outbound connections "
                                "share local_port \"ephemeral\""},
        [METRIC_SOCKETS] = {"tcp_sockets", METRIC_GAUGE, "", "state",
                            "TCP sockets of the whole host by state, whoever owns them; process filters do not apply"},
        [METRIC_OUTBOUND_CONNECTIONS] = {"tcp_outbound_connections", METRIC_GAUGE, "", "state,process,remote_port",
                                         "TCP connections that this host opened, by state, process and the peer's "
                                         "port; also counted in tcp_connections"},
        [METRIC_CLOSE_WAIT_OLDEST] = {"tcp_close_wait_oldest_seconds", METRIC_GAUGE, "seconds", "process,local_port",
                                      "Time since the peer's last segment on the CLOSE_WAIT socket that has waited "
                                      "longest for its process to close it; 0 without such sockets, and keepalive "
                                      "answers start it again"},
        [METRIC_ACCEPT_QUEUE_LENGTH] = {"tcp_accept_queue_length", METRIC_GAUGE, "", "process,local_port",
                                        "Connections that are established but not yet accepted by the process; "
                                        "listeners that share a port are summed"},
        [METRIC_ACCEPT_QUEUE_LIMIT] = {"tcp_accept_queue_limit", METRIC_GAUGE, "", "process,local_port",
                                       "Connections that may wait to be accepted before the kernel drops new ones; "
                                       "listeners that share a port are summed"},
        [METRIC_RECEIVE_QUEUE] = {"tcp_receive_queue_bytes", METRIC_GAUGE, "bytes", "process,local_port",
                                  "Bytes that have arrived and that the process has not read; a peer's FIN is not "
                                  "counted"},
        [METRIC_SEND_QUEUE] = {"tcp_send_queue_bytes", METRIC_GAUGE, "bytes", "process,local_port",
                               "Bytes that the process has written and that the peer has not acknowledged"},
        [METRIC_EPHEMERAL_PORTS_USED] = {"tcp_ephemeral_ports_used", METRIC_GAUGE, "", "",
                                         "Distinct local ports of the ephemeral range that some socket uses, in any "
                                         "state; bound ports without a connection are counted where the system can "
                                         "tell, reserved ports are left out"},
        [METRIC_EPHEMERAL_PORTS_LIMIT] = {"tcp_ephemeral_ports_limit", METRIC_GAUGE, "", "",
                                          "Ports in the ephemeral range, reserved ports left out; connections to one "
                                          "peer address and port cannot outnumber it"},
        [METRIC_BUILD_INFO] = {"tcp_exporter_build_info", METRIC_INFO, "", "version,revision,compiler",
                               "Version, revision and compiler of this exporter; always 1"},
        [METRIC_BACKEND_INFO] = {"tcp_exporter_backend_info", METRIC_INFO, "", "backend",
                                 "How sockets and their owners are read from the operating system; always 1"},
        [METRIC_SCRAPES] = {"tcp_exporter_scrapes_total", METRIC_COUNTER, "", "",
                            "Snapshots of the socket table that scrapes asked for, failed ones included; scrapes "
                            "that overlap share one"},
        [METRIC_SCRAPE_ERRORS] = {"tcp_exporter_scrape_errors_total", METRIC_COUNTER, "", "cause",
                                  "Snapshots that failed or came too late, so that scrapes were answered with status "
                                  "503, by cause"},
        [METRIC_FOLDED_SERIES] = {"tcp_exporter_folded_series", METRIC_GAUGE, "", "",
                                  "Series of this scrape that the limit on series has merged into process "
                                  "\"(other)\"; above 0, raise the limit or choose fewer labels"},
        [METRIC_UNREADABLE_PROCESSES] = {"tcp_exporter_unreadable_processes", METRIC_GAUGE, "", "",
                                         "Processes whose open files the exporter cannot read, those that procfs hides "
                                         "among them; their sockets are counted with process \"(unknown)\""},
        [METRIC_SHARED_SOCKETS] = {"tcp_exporter_shared_sockets", METRIC_GAUGE, "", "",
                                   "Sockets that more than one process holds; each is counted with the holder that "
                                   "started first, an init coming last"},
        [METRIC_HTTP_REQUESTS] = {"tcp_exporter_http_requests_total", METRIC_COUNTER, "", "code",
                                  "HTTP requests that were answered, by status code, without this one"},
        [METRIC_HTTP_IN_FLIGHT] = {"tcp_exporter_http_requests_in_flight", METRIC_GAUGE, "", "",
                                   "HTTP requests that are being answered, this one among them"},
        [METRIC_TLS_ERRORS] = {"tcp_exporter_tls_handshake_errors_total", METRIC_COUNTER, "", "reason",
                               "TLS handshakes that failed, by reason"},
        [METRIC_PROCESS_CPU] = {"process_cpu_seconds_total", METRIC_COUNTER, "seconds", "",
                                "CPU time that the exporter has used, in user and system mode"},
        [METRIC_PROCESS_RESIDENT_MEMORY] = {"process_resident_memory_bytes", METRIC_GAUGE, "bytes", "",
                                            "Physical memory of the exporter"},
        [METRIC_PROCESS_VIRTUAL_MEMORY] = {"process_virtual_memory_bytes", METRIC_GAUGE, "bytes", "",
                                           "Address space of the exporter"},
        [METRIC_PROCESS_VIRTUAL_MEMORY_MAX] = {"process_virtual_memory_max_bytes", METRIC_GAUGE, "bytes", "",
                                               "Limit on the exporter's address space; absent without a limit"},
        [METRIC_PROCESS_OPEN_FDS] = {"process_open_fds", METRIC_GAUGE, "", "",
                                     "File descriptors that the exporter has open"},
        [METRIC_PROCESS_MAX_FDS] = {"process_max_fds", METRIC_GAUGE, "", "",
                                    "Limit on the exporter's open file descriptors"},
        [METRIC_PROCESS_START_TIME] = {"process_start_time_seconds", METRIC_GAUGE, "seconds", "",
                                       "When the exporter started, in seconds since the Unix epoch"},
        [METRIC_SCRAPE_DURATION] = {"tcp_exporter_scrape_duration_seconds", METRIC_GAUGE, "seconds", "phase",
                                    "Time this scrape has spent on each phase: reading the sockets, finding their "
                                    "owners, counting them, writing the text"},
};

enum metric_id catalog_find(const char *name, size_t length)
{
	for (int id = 0; id < METRIC_COUNT; id++) {
		if (strlen(catalog[id].name) == length && !memcmp(catalog[id].name, name, length))
			return (enum metric_id)id;
	}
	return METRIC_COUNT;
}
