# SPDX-License-Identifier: Apache-2.0
"""Dashboard of a process on all its hosts: before and after a deploy, and host by host."""
from dashboard import (HOST, JOB, PROCESS, Line, Section, choice_variable, dashboard, link_to, process_variable,
                       query_variable)  # fmt: skip
from panels import (STATE_COLORS, Column, Json, Query, fixed, frame_override, graph, stat, state_overrides,
                    table)  # fmt: skip
from queries import (ACCEPT_QUEUE, BY_PORT, BY_PROCESS, CLOSE_WAIT, CLOSE_WAIT_AGE, OLDEST, OPEN, OUTBOUND, PROCESSES,
                     QUEUE_RATIO, SERVED, SYN_SENT, in_state, or_none, per, select, top)  # fmt: skip

TOP = 20
TO_HOST = [link_to(HOST, instance="__field.labels.instance", process="__field.labels.process")]
BEFORE = "offset $before"

VARIABLES = (
    JOB,
    process_variable('job_process_state:tcp_connections:sum{job=~"$job"}'),
    query_variable("instance", "Instance",
                   'label_values(instance_process_state:tcp_connections:sum{job=~"$job",process=~"$process",'
                   'state="established"}, instance)', "Hosts of the processes"),
    choice_variable("before", "Compare with", ["5m", "15m", "1h", "6h", "1d", "7d"], "1d",
                    "Age of the comparison: a time before the deploy, or the same hour of another day"),
)  # fmt: skip


def _numbers() -> Line:
    close_wait, established = in_state("close_wait", BY_PORT), in_state("established")
    young = "no earlier sockets"
    return Line(5, [
        (4, stat("Hosts",
                 "Hosts on which the process owns sockets.",
                 f"count(count by (instance) ({established}))", color="text", spark=False)),
        (4, stat("Most CLOSE_WAIT",
                 "The most sockets in CLOSE_WAIT on one port of one host. The alert has the same number.",
                 f"max({close_wait})", threshold=CLOSE_WAIT)),
        (4, stat("Most CLOSE_WAIT, $before ago",
                 "The same number at the time of the comparison.",
                 f"max({close_wait} {BEFORE})", threshold=CLOSE_WAIT, no_value=young)),
        (4, stat("Established",
                 "Open connections on all chosen hosts.", f"sum({established})", color="text")),
        (4, stat("Established, $before ago",
                 "The same number at the time of the comparison.",
                 f"sum({established} {BEFORE})", color="text", no_value=young)),
        (4, stat("Fullest accept queue",
                 "Used part of the fullest accept queue.",
                 f"max({select(QUEUE_RATIO)})", unit="percentunit", decimals=0, threshold=ACCEPT_QUEUE,
                 no_value="no queues")),
    ])  # fmt: skip


def _compared(title: str, description: str, state: str) -> Json:
    now = in_state(state)
    lines = [frame_override("A", color=fixed(STATE_COLORS[state])),
             frame_override("B", color=fixed("text"), custom__fillOpacity=0,
                            custom__lineStyle={"fill": "dash", "dash": [6, 6]})]  # fmt: skip
    return graph(title, description, [Query(f"sum({now})", "now"), Query(f"sum({now} {BEFORE})", "$before ago")],
                 overrides=lines, legend="bottom")  # fmt: skip


def _deploy() -> Line:
    return Line(8, [
        (12, _compared("CLOSE_WAIT, before and after",
                       "Sockets in CLOSE_WAIT on all chosen hosts, now and at the time of the comparison. "
                       'Annotations with the tag "deploy" appear as lines.', "close_wait")),
        (12, _compared("Established, before and after",
                       "Established connections on all chosen hosts, now and at the time of the comparison.",
                       "established")),
    ])  # fmt: skip


def _hosts() -> Json:
    key = "instance, process"
    outbound = select(OUTBOUND, PROCESSES, OPEN)
    leaking = in_state("close_wait", BY_PORT)
    most, most_before = (per(key, vector, "max") for vector in (leaking, f"{leaking} {BEFORE}"))
    return table(
        "Hosts by process",
        "The process on each host, now and at the time of the comparison. A click on a host opens its dashboard.",
        [
            Column("Host", label="instance", links=[link_to(HOST, instance="__data.fields.Host")]),
            Column("Process", label="process"),
            Column("CLOSE_WAIT", query=most, threshold=CLOSE_WAIT),
            Column("CLOSE_WAIT before", query=most_before, threshold=CLOSE_WAIT),
            Column("Established", query=per(key, in_state("established"))),
            Column("Established before", query=per(key, f"{in_state('established')} {BEFORE}")),
            Column("Outbound", query=or_none(key, per(key, outbound), BY_PROCESS)),
            Column("Outbound before", query=per(key, f"{outbound} {BEFORE}")),
            Column("Oldest CLOSE_WAIT", query=per(key, select(OLDEST), "max"), unit="s", decimals=0,
                   threshold=CLOSE_WAIT_AGE),
        ], sort="CLOSE_WAIT")  # fmt: skip


def _by_host() -> list[Line]:
    host, port = "instance, process", "instance, process, local_port"
    on_host, at_port = "{{process}} on {{instance}}", "{{process}}:{{local_port}} on {{instance}}"
    return [
        Line(8, [
            (12, graph("CLOSE_WAIT by host and port",
                       f"The {TOP} highest numbers in the time shown. A host that rises alone has another version, "
                       "configuration or peer.",
                       [Query(top(TOP, port, in_state("close_wait", BY_PORT)), at_port)], threshold=CLOSE_WAIT,
                       links=TO_HOST)),
            (12, graph("Established by host",
                       f"The {TOP} hosts with the most established connections in the time shown.",
                       [Query(top(TOP, host, in_state("established")), on_host)], links=TO_HOST)),
        ]),
        Line(8, [
            (12, graph("Oldest CLOSE_WAIT by host",
                       "Age of the oldest socket in CLOSE_WAIT.",
                       [Query(top(TOP, host, select(OLDEST), "max"), on_host)], unit="s",
                       threshold=CLOSE_WAIT_AGE, links=TO_HOST, no_value="not reported")),
            (12, graph("Accept queues by host",
                       "Used part of each accept queue.",
                       [Query(top(TOP, port, select(QUEUE_RATIO), "max"), at_port)], unit="percentunit",
                       threshold=ACCEPT_QUEUE, links=TO_HOST, no_value="no queues")),
        ]),
    ]  # fmt: skip


def _by_port() -> list[Line]:
    served = in_state("established", BY_PORT, PROCESSES, SERVED)
    remote = "process, remote_port"
    return [
        Line(8, [
            (12, graph("Sockets by state",
                       "All sockets of the process except listeners.",
                       [Query(per("state", select(BY_PROCESS, PROCESSES, 'state!="listen"')), "{{state}}")],
                       stacked=True, overrides=state_overrides())),
            (12, graph("Connections by served port",
                       "Established connections on the ports on which the process listens.",
                       [Query(per("process, local_port", served), "{{process}}:{{local_port}}")],
                       no_value="serves no port")),
        ]),
        Line(8, [
            (12, graph("Outbound by remote port",
                       "Connections that the process opened and that are not closed on both sides, by remote port.",
                       [Query(top(TOP, remote, select(OUTBOUND, PROCESSES, OPEN)), "{{process}} → :{{remote_port}}")],
                       no_value="no outbound connections")),
            (12, graph("SYN_SENT by remote port",
                       "Connections without an answer. The peer is down, or a firewall drops the packets.",
                       [Query(top(TOP, remote, in_state("syn_sent", OUTBOUND)),
                                        "{{process}} → :{{remote_port}}")],
                       threshold=SYN_SENT, no_value="no outbound connections")),
        ]),
    ]  # fmt: skip


def build() -> Json:
    return dashboard(PROCESS,
                     "TCP connections of a process on all its hosts: before and after a deploy, and host by host.",
                     VARIABLES, [
                         Section("Now", [_numbers()]),
                         Section("Before and after", [_deploy(), Line(6, [(24, _hosts())])]),
                         Section("By host", _by_host()),
                         Section("By state and port", _by_port()),
                     ])  # fmt: skip
