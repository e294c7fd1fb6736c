/* SPDX-License-Identifier: Apache-2.0 */
/* Catalog: the table of metric families. */
#include "metrics/report/catalog.h"

#include <assert.h>
#include <string.h>

/* A set of families is a 64-bit mask, and METRICS_ALL needs one bit more than the last family's. */
static_assert(METRIC_COUNT < 64, "too many families for METRIC_BIT()");
static_assert(METRIC_SCRAPE_DURATION == METRIC_COUNT - 1, "the duration of the writing is written last");

const struct metric catalog[METRIC_COUNT] = {
        [METRIC_CONNECTIONS] =
                {"tcp_connections", METRIC_GAUGE, "", "state,process,local_port",
                 "TCP sockets by state, owning process and local port; each socket is counted once, a socket without a "
                 "process counts for the listener on its port, outbound connections share local_port \"ephemeral\""},
        [METRIC_SOCKETS] = {"tcp_sockets", METRIC_GAUGE, "", "state",
                            "All TCP sockets that were read, by state; process filters do not apply"},
        [METRIC_OUTBOUND_CONNECTIONS] = {"tcp_outbound_connections", METRIC_GAUGE, "", "state,process,remote_port",
                                         "TCP connections that this host opened, by state, process and the peer's "
                                         "port; also counted in tcp_connections"},
        [METRIC_CLOSE_WAIT_OLDEST] = {"tcp_close_wait_oldest_seconds", METRIC_GAUGE, "seconds", "process,local_port",
                                      "Longest time since the peer's last segment among CLOSE_WAIT sockets; 0 without "
                                      "CLOSE_WAIT sockets, and keepalive answers restart it"},
        [METRIC_ACCEPT_QUEUE_LENGTH] = {"tcp_accept_queue_length", METRIC_GAUGE, "", "process,local_port",
                                        "Established connections that the process has not accepted yet; "
                                        "listeners that share a port are summed"},
        [METRIC_ACCEPT_QUEUE_LIMIT] =
                {"tcp_accept_queue_limit", METRIC_GAUGE, "", "process,local_port",
                 "Maximum number of connections in the accept queue, above which the kernel drops new ones; "
                 "listeners that share a port are summed"},
        [METRIC_ACCEPT_QUEUE_DROPS] =
                {"tcp_accept_queue_drops_total", METRIC_COUNTER, "", "process,local_port",
                 "Connection attempts that the kernel dropped at the process's listeners since the exporter started, "
                 "mostly because the accept queue was full; each retry of a client counts"},
        [METRIC_RECEIVE_QUEUE] = {"tcp_receive_queue_bytes", METRIC_GAUGE, "bytes", "process,local_port",
                                  "Received bytes that the process has not read; a peer's FIN is not counted"},
        [METRIC_SEND_QUEUE] = {"tcp_send_queue_bytes", METRIC_GAUGE, "bytes", "process,local_port",
                               "Written bytes that the peer has not acknowledged"},
        [METRIC_RETRANSMITTING] = {"tcp_retransmitting_connections", METRIC_GAUGE, "", "process,local_port",
                                   "Connections whose retransmission timer has expired and whose peer has not "
                                   "acknowledged data since; the peer or the path does not answer"},
        [METRIC_ZERO_WINDOW] = {"tcp_zero_window_connections", METRIC_GAUGE, "", "process,local_port",
                                "Connections with data to send to a peer whose receive window is closed; "
                                "the peer does not read"},
        [METRIC_OUTBOUND_RETRANSMITTING] =
                {"tcp_outbound_retransmitting_connections", METRIC_GAUGE, "", "process,remote_port",
                 "Connections that this host opened and that retransmit, by the peer's port; "
                 "also counted in tcp_retransmitting_connections"},
        [METRIC_OUTBOUND_ZERO_WINDOW] =
                {"tcp_outbound_zero_window_connections", METRIC_GAUGE, "", "process,remote_port",
                 "Connections that this host opened to a peer whose receive window is closed, by the peer's port; "
                 "also counted in tcp_zero_window_connections"},
        [METRIC_EPHEMERAL_PORTS_USED] =
                {"tcp_ephemeral_ports_used", METRIC_GAUGE, "", "",
                 "Distinct local ports of the ephemeral range in use, in any state; bound ports without a connection "
                 "are counted if the system reports them, reserved ports are not counted"},
        [METRIC_EPHEMERAL_PORTS_LIMIT] = {"tcp_ephemeral_ports_limit", METRIC_GAUGE, "", "",
                                          "Ports in the ephemeral range without reserved ports; connections to one "
                                          "peer address and port cannot exceed it"},
        [METRIC_BUILD_INFO] = {"tcp_exporter_build_info", METRIC_INFO, "", "version,revision,compiler",
                               "Version, revision and compiler of this exporter; always 1"},
        [METRIC_BACKEND_INFO] = {"tcp_exporter_backend_info", METRIC_INFO, "", "backend",
                                 "Backend that reads sockets and their owners from the operating system; always 1"},
        [METRIC_SCRAPES] = {"tcp_exporter_scrapes_total", METRIC_COUNTER, "", "",
                            "Snapshots of the socket table that scrapes requested, including failed snapshots; "
                            "overlapping scrapes share a snapshot"},
        [METRIC_SCRAPE_ERRORS] =
                {"tcp_exporter_scrape_errors_total", METRIC_COUNTER, "", "cause",
                 "Snapshots that failed or were late, by cause; their scrapes were answered with status 503"},
        [METRIC_FOLDED_SERIES] = {"tcp_exporter_folded_series", METRIC_GAUGE, "", "",
                                  "Series of this scrape that the series limit merged into process "
                                  "\"(other)\"; above 0, raise the limit or choose fewer labels"},
        [METRIC_UNREADABLE_PROCESSES] = {"tcp_exporter_unreadable_processes", METRIC_GAUGE, "", "",
                                         "Processes whose open files the exporter cannot read, including processes "
                                         "that procfs hides; their sockets are counted with process \"(unknown)\""},
        [METRIC_UNDESCRIBED_PROCESSES] = {"tcp_exporter_undescribed_processes", METRIC_GAUGE, "", "",
                                          "Owners of sockets whose executable or user the exporter cannot read; their "
                                          "label is empty. Windows only, if a label asks for them"},
        [METRIC_SHARED_SOCKETS] = {"tcp_exporter_shared_sockets", METRIC_GAUGE, "", "",
                                   "Sockets that more than one process holds; each socket counts for the holder that "
                                   "started first, for an init only if no other process holds it"},
        [METRIC_HTTP_REQUESTS] = {"tcp_exporter_http_requests_total", METRIC_COUNTER, "", "code",
                                  "Answered HTTP requests by status code, without this request"},
        [METRIC_HTTP_IN_FLIGHT] = {"tcp_exporter_http_requests_in_flight", METRIC_GAUGE, "", "",
                                   "HTTP requests in flight, including this request"},
        [METRIC_TLS_ERRORS] = {"tcp_exporter_tls_handshake_errors_total", METRIC_COUNTER, "", "reason",
                               "Failed TLS handshakes by reason"},
        [METRIC_PROCESS_CPU] = {"process_cpu_seconds_total", METRIC_COUNTER, "seconds", "",
                                "User and system CPU time of the exporter"},
        [METRIC_PROCESS_RESIDENT_MEMORY] = {"process_resident_memory_bytes", METRIC_GAUGE, "bytes", "",
                                            "Physical memory of the exporter"},
        [METRIC_PROCESS_VIRTUAL_MEMORY] = {"process_virtual_memory_bytes", METRIC_GAUGE, "bytes", "",
                                           "Address space of the exporter"},
        [METRIC_PROCESS_VIRTUAL_MEMORY_MAX] = {"process_virtual_memory_max_bytes", METRIC_GAUGE, "bytes", "",
                                               "Limit on the exporter's address space; absent without a limit"},
        [METRIC_PROCESS_OPEN_FDS] = {"process_open_fds", METRIC_GAUGE, "", "", "Open file descriptors of the exporter"},
        [METRIC_PROCESS_MAX_FDS] = {"process_max_fds", METRIC_GAUGE, "", "",
                                    "Limit on the exporter's open file descriptors"},
        [METRIC_PROCESS_START_TIME] = {"process_start_time_seconds", METRIC_GAUGE, "seconds", "",
                                       "Start time of the exporter, in seconds since the Unix epoch"},
        [METRIC_SCRAPE_DURATION] = {"tcp_exporter_scrape_duration_seconds", METRIC_GAUGE, "seconds", "phase",
                                    "Duration of each phase of this scrape: reading the sockets, finding their owners, "
                                    "counting, writing the text"},
};

enum metric_id catalog_find(const char *name, size_t length)
{
	for (int id = 0; id < METRIC_COUNT; id++) {
		if (strlen(catalog[id].name) == length && !memcmp(catalog[id].name, name, length))
			return (enum metric_id)id;
	}
	return METRIC_COUNT;
}
