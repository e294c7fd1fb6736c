# SPDX-License-Identifier: Apache-2.0
"""The fleet: who builds up CLOSE_WAIT, on which host, and which hosts are at risk."""
from dashboard import (FLEET, HOST, INSTANCE, JOB, PROCESS, Line, Section, dashboard, link_to,
                       process_variable)  # fmt: skip
from panels import Column, Json, Query, graph, stat, state_overrides, table
from queries import (ACCEPT_QUEUE, BY_PORT, BY_PROCESS, CLOSE_WAIT, CLOSE_WAIT_AGE, DOWN, EPHEMERAL_PORTS,
                     EPHEMERAL_RATIO, FAILED_SHARE, HOSTS, LEAKS, OLDEST, OUTBOUND, QUEUE_RATIO, SCRAPE_SECONDS,
                     SYN_SENT, UNKNOWN, in_state, number_of, or_none, per, select, top)  # fmt: skip

TOP = 10
ROWS = 20
SOCKETS = "tcp_sockets"  # of a host, one series a state
# Of a process on all hosts: one series a process, however many hosts there are.
WHOLE_JOB = "job_process_state:tcp_connections:sum"
JOB_PROCESSES = 'job=~"$job",process=~"$process"'

VARIABLES = (JOB, INSTANCE, process_variable('job_process_state:tcp_connections:sum{job=~"$job"}'))


def _numbers() -> Line:
    return Line(5, [
        (4, stat("Hosts up", "Hosts whose exporter Prometheus could scrape.",
                 f"sum({select('up', HOSTS)}) or vector(0)", spark=False)),
        (4, stat("Hosts down", "Hosts whose last scrape failed: nothing is known about them now.",
                 number_of(f"{select('up', HOSTS)} == 0"), threshold=DOWN, spark=False)),
        (4, stat("CLOSE_WAIT", "Sockets whose peer has closed and whose own process, whichever it is, has not, on all "
                 "chosen hosts.", f"sum({in_state('close_wait', SOCKETS, HOSTS)})", color="text")),
        (4, stat("Processes that leak", f"Processes with more than {CLOSE_WAIT.warning} sockets in CLOSE_WAIT at one "
                 "port, the level of the alert.",
                 number_of(per("instance, process", f"{in_state('close_wait', BY_PORT)} > {CLOSE_WAIT.warning}")),
                 threshold=LEAKS, spark=False)),
        (4, stat("Fullest accept queue", "The part that is taken of the fullest accept queue. At 100 % the kernel "
                 "drops new connections.", f"max({select(QUEUE_RATIO)})", unit="percentunit", threshold=ACCEPT_QUEUE,
                 no_value="no queues")),
        (4, stat("Most ephemeral ports", "The part in use of the ephemeral ports, on the host that has the fewest "
                 "left.", f"max({select(EPHEMERAL_RATIO, HOSTS)})", unit="percentunit", decimals=1,
                 threshold=EPHEMERAL_PORTS)),
    ])  # fmt: skip


def _worst_processes() -> Json:
    key = "instance, process, local_port"
    worst = f"topk({ROWS}, {per(key, in_state('close_wait', BY_PORT))})"

    def beside(vector: str) -> str:
        return f"{vector} and on ({key}) {worst}"

    return table(
        "Processes with the most CLOSE_WAIT",
        f"The {ROWS} with the most sockets that their peers have closed and they have not: descriptors that leak. Port "
        '"ephemeral": they opened these connections themselves. Click a name for its dashboard.',
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
        "Hosts", "Each host's worst: the most CLOSE_WAIT of a process at one port, the fullest accept queue, the "
        "ephemeral ports in use, the most attempts in SYN_SENT towards one port, and sockets whose owner the exporter "
        "may not see. Click a name for its dashboard.",
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
        (12, graph("CLOSE_WAIT by process, all hosts of the job", f"The {TOP} processes with the most sockets in "
                   "CLOSE_WAIT in the time shown, on all hosts, also those not chosen above. A line that only climbs "
                   "is a leak.", [Query(top(TOP, "process", in_state("close_wait", WHOLE_JOB, JOB_PROCESSES)),
                                     "{{process}}")], links=to_process)),
        (12, graph("CLOSE_WAIT by host", f"The {TOP} hosts with the most sockets in CLOSE_WAIT in the time shown, "
                   "whichever process owns them.",
                   [Query(top(TOP, "instance", in_state("close_wait", SOCKETS, HOSTS)), "{{instance}}")],
                   links=to_host)),
    ])  # fmt: skip


def _states() -> Line:
    states = select(SOCKETS, HOSTS, 'state!="listen"')
    return Line(8, [
        (12, graph("Sockets by state", "All sockets of the chosen hosts but listeners, whoever owns them.",
                   [Query(per("state", states), "{{state}}")], stacked=True, overrides=state_overrides())),
        (12, graph("Unanswered connection attempts by process, all hosts of the job", f"The {TOP} processes with the "
                   "most sockets in SYN_SENT in the time shown: they call a peer that is down, or behind a firewall "
                   "that drops.", [Query(top(TOP, "process", in_state("syn_sent", WHOLE_JOB, JOB_PROCESSES)),
                                         "{{process}}")],
                   links=[link_to(PROCESS, process="__field.labels.process")])),
    ])  # fmt: skip


def _limits() -> Line:
    queue = "instance, process, local_port"
    to_host = [link_to(HOST, instance="__field.labels.instance")]
    return Line(8, [
        (12, graph("Accept queues, the fullest", f"The {TOP} accept queues that were the fullest in the time shown: "
                   "their processes accept more slowly than clients connect, or not at all.",
                   [Query(top(TOP, queue, select(QUEUE_RATIO), "max"), "{{instance}} {{process}}:{{local_port}}")],
                   unit="percentunit", threshold=ACCEPT_QUEUE, links=to_host, no_value="no queues")),
        (12, graph("Ephemeral ports in use", f"The {TOP} hosts with the fewest ephemeral ports left in the time shown; "
                   "without one no connection can be opened.",
                   [Query(top(TOP, "instance", select(EPHEMERAL_RATIO, HOSTS), "max"), "{{instance}}")],
                   unit="percentunit", threshold=EPHEMERAL_PORTS, links=to_host)),
    ])  # fmt: skip


def _exporters() -> Line:
    duration = top(TOP, "instance", select("tcp_exporter_scrape_duration_seconds", HOSTS))
    errors, scrapes = (f"rate({select(f'tcp_exporter_{what}_total', HOSTS)}[$__rate_interval])"
                       for what in ("scrape_errors", "scrapes"))  # fmt: skip
    failed = f"{errors} / ignoring (cause) group_left () {scrapes}"
    return Line(7, [
        (12, graph("Scrape duration, the slowest", f"How long a scrape takes the exporter, on the {TOP} hosts where it "
                   "took longest in the time shown.", [Query(duration, "{{instance}}")], unit="s",
                   threshold=SCRAPE_SECONDS)),
        (12, graph("Failed scrapes", "The part of its scrapes that an exporter answered with an error, by cause, on "
                   "the host where it is highest.", [Query(per("cause", failed, "max"), "{{cause}}")],
                   unit="percentunit", threshold=FAILED_SHARE)),
    ])  # fmt: skip


def build() -> Json:
    return dashboard(FLEET, "TCP connections of all hosts: who leaks, whose queues are full, which hosts are at risk.",
                     VARIABLES, [
                         Section("Now", [_numbers()]),
                         Section("Who", [Line(9, [(12, _worst_processes()), (12, _hosts())])]),
                         Section("Over time", [_close_wait(), _states(), _limits()]),
                         Section("Exporters", [_exporters()]),
                     ])  # fmt: skip
