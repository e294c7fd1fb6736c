# SPDX-License-Identifier: Apache-2.0
"""What the panels ask: selectors by the variables of a dashboard, over the exporter's metrics and our recording rules.

The rules are those of ../../prometheus/recording.yml: where many hosts are looked at, they are what is asked.
"""
from panels import Threshold

HOSTS = 'job=~"$job",instance=~"$instance"'
PROCESSES = HOSTS + ',process=~"$process"'
SERVED = 'local_port!="ephemeral"'
# States of a connection that takes up something in its process.
OPEN = 'state=~"established|close_wait|fin_wait1|fin_wait2"'

# Recording rules.
BY_PROCESS = "instance_process_state:tcp_connections:sum"
BY_PORT = "instance_process_local_port_state:tcp_connections:sum"
OUTBOUND = "instance_process_remote_port_state:tcp_outbound_connections:sum"
OLDEST = "instance_process_local_port:tcp_close_wait_oldest_seconds:max"
QUEUE_RATIO = "instance_process_local_port:tcp_listen_queue:ratio"
EPHEMERAL_RATIO = "instance:tcp_ephemeral_ports:ratio"

# The same numbers as in ../../prometheus/alerts.yml. A colour begins at its number: of what is counted, 1 is the first
# above the 0 of an alert.
CLOSE_WAIT = Threshold(warning=100, critical=1000)
CLOSE_WAIT_AGE = Threshold(warning=3600)
ACCEPT_QUEUE = Threshold(warning=0.8, critical=1)
EPHEMERAL_PORTS = Threshold(warning=0.8, critical=0.95)
TIME_WAIT_SHARE = Threshold(warning=0.5)
SYN_SENT = Threshold(warning=10)
SCRAPE_SECONDS = Threshold(warning=2)
FAILED_SHARE = Threshold(warning=0.1)
UNKNOWN = FOLDED = LEAKS = Threshold(warning=1)
DOWN = Threshold(critical=1)


def select(name: str, labels: str = PROCESSES, *more: str) -> str:
    return f"{name}{{{','.join((labels, *more))}}}"


def in_state(state: str, name: str = BY_PROCESS, labels: str = PROCESSES, *more: str) -> str:
    return select(name, labels, f'state="{state}"', *more)


def per(labels: str, vector: str, how: str = "sum") -> str:
    return f"{how} by ({labels}) ({vector})"


def top(count: int, labels: str, selector: str, how: str = "sum") -> str:
    """Over time, only the series that were the highest in the time shown: the same ones at each of its moments.

    The others are dropped before anything is added up: of thousands of series that takes a seventh of the time.
    """
    highest = per(labels, f"max_over_time({selector}[$__range] @ end())", how)
    return per(labels, f"{selector} and on ({labels}) topk({count}, {highest})", how)


def number_of(matching: str) -> str:
    """How many there are; none is 0."""
    return f"count({matching}) or vector(0)"


def or_none(labels: str, vector: str, name: str) -> str:
    """0 for what has sockets, told by the metric of connections, but is not in the vector."""
    return f"{vector} or 0 * {per(labels, in_state('established', name))}"


def fill(labels: str) -> str:
    """How full the fullest accept queue is, from the exporter's own metrics."""
    length, limit = (select(f"tcp_listen_queue_{what}") for what in ("length", "limit"))
    return per(labels, f"{length} / ({limit} > 0)", "max")
