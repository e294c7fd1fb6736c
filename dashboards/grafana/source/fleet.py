# SPDX-License-Identifier: Apache-2.0
"""Dashboard of the fleet: leaking processes, and hosts at risk."""
from dashboard import (FLEET, HOST, INSTANCE, JOB, PROCESS, Line, Section, dashboard, link_to,
                       process_variable)  # fmt: skip
from panels import Column, Json, Query, graph, stat, state_overrides, table
from queries import (ACCEPT_QUEUE, BY_PORT, BY_PROCESS, CLOSE_WAIT, CLOSE_WAIT_AGE, DOWN, EPHEMERAL_PORTS,
                     EPHEMERAL_RATIO, FAILED_SHARE, HOSTS, LEAKS, OLDEST, OUTBOUND, QUEUE_RATIO, SCRAPE_SECONDS,
                     SYN_SENT, UNKNOWN, in_state, number_of, or_none, per, select, top)  # fmt: skip

TOP = 10
ROWS = 20
SOCKETS = "tcp_sockets"  # of a host, one series per state
# One series per process of a job, over all hosts.
WHOLE_JOB = "job_process_state:tcp_connections:sum"
JOB_PROCESSES = 'job=~"$job",process=~"$process"'

VARIABLES = (JOB, INSTANCE, process_variable('job_process_state:tcp_connections:sum{job=~"$job"}'))


def _numbers() -> Line:
    return Line(5, [
        (4, stat("Hosts up",
                 "Hosts whose last scrape worked.",
                 f"sum({select('up', HOSTS)}) or vector(0)", spark=False)),
        (4, stat("Hosts down",
                 "Hosts whose last scrape failed. They have no current data.",
                 number_of(f"{select('up', HOSTS)} == 0"), threshold=DOWN, spark=False)),
        (4, stat("CLOSE_WAIT",
                 "Sockets on all chosen hosts that the peer has closed and the owning process has not.",
                 f"sum({in_state('close_wait', SOCKETS, HOSTS)})", color="text")),
        (4, stat("Leaking processes",
                 f"Processes with more than {CLOSE_WAIT.warning} sockets in CLOSE_WAIT on one port, the threshold of"
                 " the alert.",
                 number_of(per("instance, process", f"{in_state('close_wait', BY_PORT)} > {CLOSE_WAIT.warning}")),
                 threshold=LEAKS, spark=False)),
        (4, stat("Fullest accept queue",
                 "Used part of the fullest accept queue. At 100 % the kernel drops new connections.",
                 f"max({select(QUEUE_RATIO)})", unit="percentunit", threshold=ACCEPT_QUEUE,
                 no_value="no queues")),
        (4, stat("Most ephemeral ports",
                 "Used part of the ephemeral ports, on the host with the fewest free ports.",
                 f"max({select(EPHEMERAL_RATIO, HOSTS)})", unit="percentunit", decimals=1,
                 threshold=EPHEMERAL_PORTS)),
    ])  # fmt: skip


def _worst_processes() -> Json:
    key = "instance, process, local_port"
    worst = f"topk({ROWS}, {per(key, in_state('close_wait', BY_PORT))})"

    def beside(vector: str) -> str:
        return f"{vector} and on ({key}) {worst}"

    return table(
        "Most CLOSE_WAIT",
        f"The {ROWS} processes with the most sockets that the peer has closed and the process has not. The process "
        'opened the connections on port "ephemeral" itself. A click on a name opens its dashboard.',
        [
            Column("Host", label="instance", links=[link_to(HOST, instance="__data.fields.Host")]),
            Column("Process", label="process", links=[link_to(PROCESS, process="__data.fields.Process")]),
            Column("Port", label="local_port"),
            Column("CLOSE_WAIT", query=worst, threshold=CLOSE_WAIT),
            Column("Oldest", query=beside(per(key, select(OLDEST), "max")), unit="s", decimals=0,
                   threshold=CLOSE_WAIT_AGE),
            Column("Established", query=beside(per(key, in_state("established", BY_PORT)))),
        ], sort="CLOSE_WAIT")  # fmt: skip


def _hosts() -> Json:
    unknown = select(BY_PROCESS, HOSTS, 'process="(unknown)"')
    return table(
        "Hosts",
        "The worst values of each host: CLOSE_WAIT of a process on one port, the fullest accept queue, used "
        "ephemeral ports, SYN_SENT to one port, and sockets with an unknown owner. A click on a name opens its "
        "dashboard.",
        [
            Column("Host", label="instance", links=[link_to(HOST, instance="__data.fields.Host")]),
            Column("CLOSE_WAIT", query=per("instance", in_state("close_wait", BY_PORT), "max"), threshold=CLOSE_WAIT),
            Column("Accept queue", query=per("instance", select(QUEUE_RATIO), "max"), unit="percentunit", decimals=0,
                   threshold=ACCEPT_QUEUE),
            Column("Ephemeral", query=per("instance", select(EPHEMERAL_RATIO, HOSTS), "max"), unit="percentunit",
                   decimals=1, threshold=EPHEMERAL_PORTS),
            Column("SYN_SENT", query=or_none("instance", per("instance", in_state("syn_sent", OUTBOUND), "max"),
                                             BY_PROCESS), threshold=SYN_SENT),
            Column("Unknown", query=or_none("instance", per("instance", unknown), BY_PROCESS), threshold=UNKNOWN),
        ], sort="CLOSE_WAIT")  # fmt: skip


def _close_wait() -> Line:
    to_process = [link_to(PROCESS, process="__field.labels.process")]
    to_host = [link_to(HOST, instance="__field.labels.instance")]
    return Line(8, [
        (12, graph("Job CLOSE_WAIT by process",
                   f"The {TOP} processes with the most sockets in CLOSE_WAIT in the time shown, on all hosts of the "
                   "job. A line that only rises is a leak.",
                   [Query(top(TOP, "process", in_state("close_wait", WHOLE_JOB, JOB_PROCESSES)),
                                     "{{process}}")], links=to_process)),
        (12, graph("CLOSE_WAIT by host",
                   f"The {TOP} hosts with the most sockets in CLOSE_WAIT in the time shown, of all processes.",
                   [Query(top(TOP, "instance", in_state("close_wait", SOCKETS, HOSTS)), "{{instance}}")],
                   links=to_host)),
    ])  # fmt: skip


def _states() -> Line:
    states = select(SOCKETS, HOSTS, 'state!="listen"')
    return Line(8, [
        (12, graph("Sockets by state",
                   "All sockets of the chosen hosts except listeners.",
                   [Query(per("state", states), "{{state}}")], stacked=True, overrides=state_overrides())),
        (12, graph("Job SYN_SENT by process",
                   f"The {TOP} processes with the most sockets in SYN_SENT in the time shown, on all hosts of the "
                   "job. Their peer is down, or a firewall drops the packets.",
                   [Query(top(TOP, "process", in_state("syn_sent", WHOLE_JOB, JOB_PROCESSES)),
                                         "{{process}}")],
                   links=[link_to(PROCESS, process="__field.labels.process")])),
    ])  # fmt: skip


def _limits() -> Line:
    queue = "instance, process, local_port"
    to_host = [link_to(HOST, instance="__field.labels.instance")]
    return Line(8, [
        (12, graph("Fullest accept queues",
                   f"The {TOP} fullest accept queues in the time shown. Their processes accept more slowly than "
                   "clients connect, or not at all.",
                   [Query(top(TOP, queue, select(QUEUE_RATIO), "max"), "{{instance}} {{process}}:{{local_port}}")],
                   unit="percentunit", threshold=ACCEPT_QUEUE, links=to_host, no_value="no queues")),
        (12, graph("Used ephemeral ports",
                   f"The {TOP} hosts with the fewest free ephemeral ports in the time shown. Without a free port a "
                   "host cannot open a connection.",
                   [Query(top(TOP, "instance", select(EPHEMERAL_RATIO, HOSTS), "max"), "{{instance}}")],
                   unit="percentunit", threshold=EPHEMERAL_PORTS, links=to_host)),
    ])  # fmt: skip


def _exporters() -> Line:
    duration = top(TOP, "instance", select("tcp_exporter_scrape_duration_seconds", HOSTS))
    errors, scrapes = (f"rate({select(f'tcp_exporter_{what}_total', HOSTS)}[$__rate_interval])"
                       for what in ("scrape_errors", "scrapes"))  # fmt: skip
    failed = f"{errors} / ignoring (cause) group_left () {scrapes}"
    return Line(7, [
        (12, graph("Slowest scrapes",
                   f"Scrape durations of the {TOP} hosts with the slowest scrapes in the time shown.",
                   [Query(duration, "{{instance}}")], unit="s",
                   threshold=SCRAPE_SECONDS)),
        (12, graph("Failed scrapes",
                   "Part of the scrapes that failed, by cause, on the host with the most failures.",
                   [Query(per("cause", failed, "max"), "{{cause}}")],
                   unit="percentunit", threshold=FAILED_SHARE)),
    ])  # fmt: skip


def build() -> Json:
    return dashboard(FLEET, "TCP connections of all hosts: leaking processes, full accept queues, hosts at risk.",
                     VARIABLES, [
                         Section("Now", [_numbers()]),
                         Section("Processes and hosts", [Line(9, [(12, _worst_processes()), (12, _hosts())])]),
                         Section("Over time", [_close_wait(), _states(), _limits()]),
                         Section("Exporters", [_exporters()]),
                     ])  # fmt: skip
