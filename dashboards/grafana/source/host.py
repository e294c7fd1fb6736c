# SPDX-License-Identifier: Apache-2.0
"""A host, or a few: what each of its processes does with its connections. Needs no recording rules."""
from dashboard import (HOST, INSTANCE, JOB, PROCESS, Line, Section, dashboard, link_to,
                       process_variable)  # fmt: skip
from panels import Column, Json, Query, graph, stat, state_overrides, table
from queries import (ACCEPT_QUEUE, CLOSE_WAIT, CLOSE_WAIT_AGE, EPHEMERAL_PORTS, FOLDED, HOSTS, OPEN, PROCESSES,
                     SCRAPE_SECONDS, SERVED, SYN_SENT, TIME_WAIT_SHARE, fill, in_state, or_none, per, select,
                     top)  # fmt: skip

TOP = 15
CONNECTIONS, OUTBOUND = "tcp_connections", "tcp_outbound_connections"
EPHEMERAL = (f"{select('tcp_ephemeral_ports_used', HOSTS)} / "
             f"({select('tcp_ephemeral_ports_limit', HOSTS)} > 0)")  # fmt: skip
PROCESS_PORT = "process, local_port"
NAME_PORT = "{{process}}:{{local_port}}"
TO_PROCESS = [link_to(PROCESS, process="__field.labels.process")]
UNKNOWN_OWNER = 'process="(unknown)"'
NO_AGE = "not told by this system"

VARIABLES = (JOB, INSTANCE, process_variable('tcp_connections{job=~"$job",instance=~"$instance"}'))


def _numbers() -> Line:
    def state(name: str) -> str:
        return f"sum({in_state(name, CONNECTIONS)})"

    return Line(5, [
        (4, stat("Most CLOSE_WAIT", "The most sockets of a process at one port whose peer has closed and which the "
                 "process has not: what the alert looks at. A few for a moment are normal.",
                 f"max({per(PROCESS_PORT, in_state('close_wait', CONNECTIONS))})", threshold=CLOSE_WAIT)),
        (4, stat("Oldest CLOSE_WAIT", "How long the socket that has waited longest for its process to close it has "
                 "waited.", f"max({select('tcp_close_wait_oldest_seconds')})", unit="s", decimals=0,
                 threshold=CLOSE_WAIT_AGE, no_value=NO_AGE)),
        (4, stat("Established", "Open connections, to and from this host.", state("established"), color="text")),
        (4, stat("Fullest accept queue", "The part that is taken of the fullest accept queue. At 100 % the kernel "
                 "drops new connections.", f"max({fill(PROCESS_PORT)})", unit="percentunit", decimals=0,
                 threshold=ACCEPT_QUEUE, no_value="no queues")),
        (4, stat("Ephemeral ports", "The part in use of the ports for connections that this host opens.",
                 f"max({EPHEMERAL})", unit="percentunit", decimals=1, threshold=EPHEMERAL_PORTS)),
        (4, stat("TIME_WAIT", "Connections that this host closed first, and that the kernel keeps for a minute. They "
                 "belong to no process and hold a port each.", state("time_wait"), color="text")),
    ])  # fmt: skip


def _states() -> Line:
    return Line(8, [
        (12, graph("Sockets by state", "All sockets of the host but listeners, whoever owns them.",
                   [Query(per("state", select("tcp_sockets", HOSTS, 'state!="listen"')), "{{state}}")],
                   stacked=True, overrides=state_overrides())),
        (12, graph("CLOSE_WAIT by process", "Sockets that the peer has closed and the process has not.",
                   [Query(top(TOP, "process", in_state("close_wait", CONNECTIONS)), "{{process}}")],
                   links=TO_PROCESS)),
    ])  # fmt: skip


def _processes() -> Json:
    def of(selector: str, how: str = "sum") -> str:
        return per("process", selector, how)

    return table(
        "Processes", "All that is known of each process; CLOSE_WAIT and SYN_SENT at the port where there are the most. "
        "Click a name for its dashboard. "
        "(none): no process owns these sockets; (unknown): the exporter may not see the owner.",
        [
            Column("Process", label="process", links=[link_to(PROCESS, process="__data.fields.Process")]),
            Column("CLOSE_WAIT", query=of(per(PROCESS_PORT, in_state("close_wait", CONNECTIONS)), "max"),
                   threshold=CLOSE_WAIT),
            Column("Oldest", query=of(select("tcp_close_wait_oldest_seconds"), "max"), unit="s", decimals=0,
                   threshold=CLOSE_WAIT_AGE),
            Column("Established", query=of(in_state("established", CONNECTIONS))),
            Column("Opened by it", query=or_none("process", of(select(OUTBOUND, PROCESSES, OPEN)), CONNECTIONS)),
            Column("SYN_SENT", query=or_none("process", of(per("process, remote_port", in_state("syn_sent", OUTBOUND)),
                                                           "max"), CONNECTIONS), threshold=SYN_SENT),
            Column("Accept queue", query=fill("process"), unit="percentunit", decimals=0, threshold=ACCEPT_QUEUE),
            Column("Not read", query=of(select("tcp_receive_queue_bytes")), unit="bytes"),
            Column("Not acknowledged", query=of(select("tcp_send_queue_bytes")), unit="bytes"),
        ], sort="CLOSE_WAIT")  # fmt: skip


def _close_wait() -> Line:
    return Line(8, [
        (12, graph("CLOSE_WAIT by local port", 'Port "ephemeral": the process opened these connections; see them by '
                   "remote port below.",
                   [Query(top(TOP, PROCESS_PORT, in_state("close_wait", CONNECTIONS)), NAME_PORT)],
                   threshold=CLOSE_WAIT, links=TO_PROCESS)),
        (12, graph("Oldest CLOSE_WAIT", "How long the oldest socket in CLOSE_WAIT has waited. A line that climbs as "
                   "time does is a socket that nobody will ever close.",
                   [Query(top(TOP, PROCESS_PORT, select("tcp_close_wait_oldest_seconds"), "max"), NAME_PORT)],
                   unit="s", threshold=CLOSE_WAIT_AGE, links=TO_PROCESS, no_value=NO_AGE)),
    ])  # fmt: skip


def _listeners() -> Json:
    def of(selector: str) -> str:
        return per(PROCESS_PORT, selector)

    listening = of(f"{in_state('listen', CONNECTIONS)} > 0")
    return table(
        "Listeners", "Who serves which port, to how many connections, and how full its accept queue is.",
        [
            Column("Process", label="process", links=[link_to(PROCESS, process="__data.fields.Process")]),
            Column("Port", label="local_port"),
            Column("Established", query=f"{of(in_state('established', CONNECTIONS))} and {listening}"),
            Column("Waiting", query=of(select("tcp_listen_queue_length"))),
            Column("Limit", query=of(select("tcp_listen_queue_limit"))),
            Column("Accept queue", query=fill(PROCESS_PORT), unit="percentunit", decimals=0, threshold=ACCEPT_QUEUE,
                   gauge=True),
        ], sort="Accept queue")  # fmt: skip


def _served() -> list[Line]:
    return [
        Line(8, [
            (12, _listeners()),
            (12, graph("Accept queues", "The part of each accept queue that is taken. At 100 % the kernel drops new "
                       "connections, and clients see time-outs.", [Query(fill(PROCESS_PORT), NAME_PORT)],
                       unit="percentunit", threshold=ACCEPT_QUEUE, links=TO_PROCESS, no_value="no queues")),
        ]),
        Line(8, [
            (12, graph("Connections by served port", "Established connections at ports that somebody listens on.",
                       [Query(top(TOP, PROCESS_PORT, in_state("established", CONNECTIONS, PROCESSES, SERVED)),
                              NAME_PORT)], links=TO_PROCESS)),
            (12, graph("Waiting to be accepted", "Connections that are established and that the process has not "
                       "accepted yet. One that never falls is a process that hangs.",
                       [Query(top(TOP, PROCESS_PORT, select("tcp_listen_queue_length")), NAME_PORT)],
                       links=TO_PROCESS, no_value="no queues")),
        ]),
    ]  # fmt: skip


def _outbound() -> list[Line]:
    remote = "process, remote_port"
    to_port = "{{process}} → :{{remote_port}}"
    where = "job, instance"
    time_wait = per(f"{where}, remote_port", select(OUTBOUND, HOSTS, 'state="time_wait"'))
    limit = f"{per(where, select('tcp_ephemeral_ports_limit', HOSTS))} > 0"
    share = per("remote_port", f"{time_wait} / on ({where}) group_left () ({limit})", "max")
    return [
        Line(8, [
            (12, graph("Outbound connections by remote port", "Connections that processes here opened and that are "
                       "not closed on both sides, by the port that they went to: which client leaks, and towards what.",
                       [Query(top(TOP, remote, select(OUTBOUND, PROCESSES, OPEN)), to_port)],
                       links=TO_PROCESS, no_value="none opened")),
            (12, graph("Unanswered by remote port", "Connection attempts in SYN_SENT: the peer is down, or a firewall "
                       "drops.", [Query(top(TOP, remote, in_state("syn_sent", OUTBOUND)), to_port)],
                       threshold=SYN_SENT, links=TO_PROCESS, no_value="none opened")),
        ]),
        Line(8, [
            (12, graph("Ephemeral ports", "The part in use of the local ports for connections that this host opens.",
                       [Query(per("instance", EPHEMERAL, "max"), "{{instance}}")], unit="percentunit",
                       threshold=EPHEMERAL_PORTS)),
            (12, graph("TIME_WAIT by remote port", "Connections that this host opened and closed first, as a part of "
                       "the ephemeral ports: each holds one for a minute.", [Query(share, ":{{remote_port}}")],
                       unit="percentunit", threshold=TIME_WAIT_SHARE, no_value="none opened")),
        ]),
    ]  # fmt: skip


def _bytes() -> Line:
    def queue(title: str, description: str, name: str) -> Json:
        return graph(title, description, [Query(top(TOP, "process", select(name)), "{{process}}")], unit="bytes",
                     links=TO_PROCESS)  # fmt: skip

    return Line(8, [
        (12, queue("Bytes not read", "What has arrived and the process has not read: it is slower than its peers.",
                   "tcp_receive_queue_bytes")),
        (12, queue("Bytes not acknowledged", "What the process has written and the peer has not acknowledged: the peer "
                   "or the way to it is slow.", "tcp_send_queue_bytes")),
    ])  # fmt: skip


def _exporter() -> Line:
    unknown = f"sum({select(CONNECTIONS, HOSTS, UNKNOWN_OWNER)}) or vector(0)"
    unreadable, folded = (f"sum({select(f'tcp_exporter_{what}', HOSTS)})"
                          for what in ("unreadable_processes", "folded_series"))  # fmt: skip
    hidden = [Query(unknown, "sockets of unknown owner"), Query(unreadable, "unreadable processes"),
              Query(folded, "folded series")]  # fmt: skip
    return Line(7, [
        (12, graph("Scrape duration by phase", "What the exporter spends a scrape on.",
                   [Query(per("phase", select("tcp_exporter_scrape_duration_seconds", HOSTS), "max"), "{{phase}}")],
                   unit="s", stacked=True, threshold=SCRAPE_SECONDS)),
        (12, graph("What the exporter cannot tell", "Sockets and processes whose owner or sockets it may not see, for "
                   "want of privilege, and series that the limit on series has merged into (other). All should be 0.",
                   hidden, threshold=FOLDED)),
    ])  # fmt: skip


def build() -> Json:
    return dashboard(HOST, "TCP connections of a host: states, processes, ports, queues, and what it connects to.",
                     VARIABLES, [
                         Section("Now", [_numbers()]),
                         Section("States and processes", [_states(), Line(8, [(24, _processes())])]),
                         Section("CLOSE_WAIT: what is not closed", [_close_wait()]),
                         Section("Served ports", _served()),
                         Section("Outbound", _outbound()),
                         Section("Bytes that wait", [_bytes()]),
                         Section("Exporter", [_exporter()]),
                     ])  # fmt: skip
