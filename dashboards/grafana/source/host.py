# SPDX-License-Identifier: Apache-2.0
"""Dashboard of one or a few hosts: the TCP connections of each process. It needs no recording rules."""
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
NO_AGE = "not reported"

VARIABLES = (JOB, INSTANCE, process_variable('tcp_connections{job=~"$job",instance=~"$instance"}'))


def _numbers() -> Line:
    def state(name: str) -> str:
        return f"sum({in_state(name, CONNECTIONS)})"

    return Line(5, [
        (4, stat("Most CLOSE_WAIT",
                 "The most sockets of a process on one port that the peer has closed and the process has not. The "
                 "alert has the same number. A few for a moment are normal.",
                 f"max({per(PROCESS_PORT, in_state('close_wait', CONNECTIONS))})", threshold=CLOSE_WAIT)),
        (4, stat("Oldest CLOSE_WAIT",
                 "Age of the oldest socket in CLOSE_WAIT.",
                 f"max({select('tcp_close_wait_oldest_seconds')})", unit="s", decimals=0,
                 threshold=CLOSE_WAIT_AGE, no_value=NO_AGE)),
        (4, stat("Established",
                 "Open connections, inbound and outbound.", state("established"), color="text")),
        (4, stat("Fullest accept queue",
                 "Used part of the fullest accept queue. At 100 % the kernel drops new connections.",
                 f"max({fill(PROCESS_PORT)})", unit="percentunit", decimals=0,
                 threshold=ACCEPT_QUEUE, no_value="no queues")),
        (4, stat("Ephemeral ports",
                 "Used part of the local ports for outbound connections.",
                 f"max({EPHEMERAL})", unit="percentunit", decimals=1, threshold=EPHEMERAL_PORTS)),
        (4, stat("TIME_WAIT",
                 "Connections that this host closed first and that the kernel keeps for a minute. Each holds a port.",
                 state("time_wait"), color="text")),
    ])  # fmt: skip


def _states() -> Line:
    return Line(8, [
        (12, graph("Sockets by state",
                   "All sockets of the host except listeners.",
                   [Query(per("state", select("tcp_sockets", HOSTS, 'state!="listen"')), "{{state}}")],
                   stacked=True, overrides=state_overrides())),
        (12, graph("CLOSE_WAIT by process",
                   "Sockets that the peer has closed and the process has not.",
                   [Query(top(TOP, "process", in_state("close_wait", CONNECTIONS)), "{{process}}")],
                   links=TO_PROCESS)),
    ])  # fmt: skip


def _processes() -> Json:
    def of(selector: str, how: str = "sum") -> str:
        return per("process", selector, how)

    return table(
        "Processes",
        "All values per process. CLOSE_WAIT and SYN_SENT are those of the worst port. (none) has the sockets "
        "without an owner, (unknown) those whose owner the exporter cannot see. A click on a name opens its "
        "dashboard.",
        [
            Column("Process", label="process", links=[link_to(PROCESS, process="__data.fields.Process")]),
            Column("CLOSE_WAIT", query=of(per(PROCESS_PORT, in_state("close_wait", CONNECTIONS)), "max"),
                   threshold=CLOSE_WAIT),
            Column("Oldest", query=of(select("tcp_close_wait_oldest_seconds"), "max"), unit="s", decimals=0,
                   threshold=CLOSE_WAIT_AGE),
            Column("Established", query=of(in_state("established", CONNECTIONS))),
            Column("Outbound", query=or_none("process", of(select(OUTBOUND, PROCESSES, OPEN)), CONNECTIONS)),
            Column("SYN_SENT", query=or_none("process", of(per("process, remote_port", in_state("syn_sent", OUTBOUND)),
                                                           "max"), CONNECTIONS), threshold=SYN_SENT),
            Column("Accept queue", query=fill("process"), unit="percentunit", decimals=0, threshold=ACCEPT_QUEUE),
            Column("Unread", query=of(select("tcp_receive_queue_bytes")), unit="bytes"),
            Column("Unacknowledged", query=of(select("tcp_send_queue_bytes")), unit="bytes"),
        ], sort="CLOSE_WAIT")  # fmt: skip


def _close_wait() -> Line:
    return Line(8, [
        (12, graph("CLOSE_WAIT by local port",
                   "Sockets in CLOSE_WAIT by process and local port. The process opened the connections on port "
                   '"ephemeral" itself. The section Outbound has their remote ports.',
                   [Query(top(TOP, PROCESS_PORT, in_state("close_wait", CONNECTIONS)), NAME_PORT)],
                   threshold=CLOSE_WAIT, links=TO_PROCESS)),
        (12, graph("Oldest CLOSE_WAIT",
                   "Age of the oldest socket in CLOSE_WAIT. A line that rises with time is a socket that the "
                   "process never closes.",
                   [Query(top(TOP, PROCESS_PORT, select("tcp_close_wait_oldest_seconds"), "max"), NAME_PORT)],
                   unit="s", threshold=CLOSE_WAIT_AGE, links=TO_PROCESS, no_value=NO_AGE)),
    ])  # fmt: skip


def _listeners() -> Json:
    def of(selector: str) -> str:
        return per(PROCESS_PORT, selector)

    listening = of(f"{in_state('listen', CONNECTIONS)} > 0")
    return table(
        "Listeners",
        "Processes that listen, their ports and connections, and the use of their accept queues.",
        [
            Column("Process", label="process", links=[link_to(PROCESS, process="__data.fields.Process")]),
            Column("Port", label="local_port"),
            Column("Established", query=f"{of(in_state('established', CONNECTIONS))} and {listening}"),
            Column("Queue length", query=of(select("tcp_accept_queue_length"))),
            Column("Queue limit", query=of(select("tcp_accept_queue_limit"))),
            Column("Accept queue", query=fill(PROCESS_PORT), unit="percentunit", decimals=0, threshold=ACCEPT_QUEUE,
                   gauge=True),
        ], sort="Accept queue")  # fmt: skip


def _served() -> list[Line]:
    return [
        Line(8, [
            (12, _listeners()),
            (12, graph("Accept queues",
                       "Used part of each accept queue. At 100 % the kernel drops new connections, and clients time"
                       " out.", [Query(fill(PROCESS_PORT), NAME_PORT)],
                       unit="percentunit", threshold=ACCEPT_QUEUE, links=TO_PROCESS, no_value="no queues")),
        ]),
        Line(8, [
            (12, graph("Connections by served port",
                       "Established connections on ports with a listener.",
                       [Query(top(TOP, PROCESS_PORT, in_state("established", CONNECTIONS, PROCESSES, SERVED)),
                              NAME_PORT)], links=TO_PROCESS)),
            (12, graph("Accept queue lengths",
                       "Connections that the kernel has established and the process has not accepted. A line that "
                       "never falls is a process that hangs.",
                       [Query(top(TOP, PROCESS_PORT, select("tcp_accept_queue_length")), NAME_PORT)],
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
            (12, graph("Outbound by remote port",
                       "Connections that processes of this host opened and that are not closed on both sides, by "
                       "remote port.",
                       [Query(top(TOP, remote, select(OUTBOUND, PROCESSES, OPEN)), to_port)],
                       links=TO_PROCESS, no_value="no outbound connections")),
            (12, graph("SYN_SENT by remote port",
                       "Connections without an answer. The peer is down, or a firewall drops the packets.",
                       [Query(top(TOP, remote, in_state("syn_sent", OUTBOUND)), to_port)],
                       threshold=SYN_SENT, links=TO_PROCESS, no_value="no outbound connections")),
        ]),
        Line(8, [
            (12, graph("Ephemeral ports",
                       "Used part of the local ports for outbound connections.",
                       [Query(per("instance", EPHEMERAL, "max"), "{{instance}}")], unit="percentunit",
                       threshold=EPHEMERAL_PORTS)),
            (12, graph("TIME_WAIT by remote port",
                       "Outbound connections that this host closed first, as a part of the ephemeral ports. Each "
                       "holds a port for a minute.", [Query(share, ":{{remote_port}}")],
                       unit="percentunit", threshold=TIME_WAIT_SHARE, no_value="no outbound connections")),
        ]),
    ]  # fmt: skip


def _bytes() -> Line:
    def queue(title: str, description: str, name: str) -> Json:
        return graph(title, description, [Query(top(TOP, "process", select(name)), "{{process}}")], unit="bytes",
                     links=TO_PROCESS)  # fmt: skip

    return Line(8, [
        (12, queue("Unread bytes",
                   "Bytes that have arrived and that the process has not read. The process is slower than its "
                   "peers.",
                   "tcp_receive_queue_bytes")),
        (12, queue("Unacknowledged bytes",
                   "Bytes that the process has written and that the peer has not acknowledged. The peer or the path"
                   " is slow.", "tcp_send_queue_bytes")),
    ])  # fmt: skip


def _exporter() -> Line:
    unknown = f"sum({select(CONNECTIONS, HOSTS, UNKNOWN_OWNER)}) or vector(0)"
    unreadable, folded = (f"sum({select(f'tcp_exporter_{what}', HOSTS)})"
                          for what in ("unreadable_processes", "folded_series"))  # fmt: skip
    hidden = [Query(unknown, "sockets of unknown owner"), Query(unreadable, "unreadable processes"),
              Query(folded, "folded series")]  # fmt: skip
    return Line(7, [
        (12, graph("Scrape duration by phase",
                   "Time that the exporter spends on each phase of a scrape.",
                   [Query(per("phase", select("tcp_exporter_scrape_duration_seconds", HOSTS), "max"), "{{phase}}")],
                   unit="s", stacked=True, threshold=SCRAPE_SECONDS)),
        (12, graph("Unknown and folded",
                   "Sockets with an unknown owner, processes that the exporter cannot read, and series that the cap"
                   " has folded into (other). All should be 0.",
                   hidden, threshold=FOLDED)),
    ])  # fmt: skip


def build() -> Json:
    return dashboard(HOST,
                     "TCP connections of a host by state, process and port, accept queues, and outbound connections.",
                     VARIABLES, [
                         Section("Now", [_numbers()]),
                         Section("States and processes", [_states(), Line(8, [(24, _processes())])]),
                         Section("CLOSE_WAIT", [_close_wait()]),
                         Section("Served ports", _served()),
                         Section("Outbound", _outbound()),
                         Section("Queue bytes", [_bytes()]),
                         Section("Exporter", [_exporter()]),
                     ])  # fmt: skip
