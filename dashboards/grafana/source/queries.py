# SPDX-License-Identifier: Apache-2.0
"""Builds the queries of the panels, over the exporter's metrics and the recording rules, with dashboard variables.

Panels over many hosts query the rules of ../../prometheus/recording.yml.
"""
from panels import Threshold

HOSTS = 'job=~"$job",instance=~"$instance"'
PROCESSES = HOSTS + ',process=~"$process"'
SERVED = 'local_port!="ephemeral"'
# States of a connection that uses a resource of its process.
OPEN = 'state=~"established|close_wait|fin_wait1|fin_wait2"'

# Recording rules.
BY_PROCESS = "instance_process_state:tcp_connections:sum"
BY_PORT = "instance_process_local_port_state:tcp_connections:sum"
OUTBOUND = "instance_process_remote_port_state:tcp_outbound_connections:sum"
OLDEST = "instance_process_local_port:tcp_close_wait_oldest_seconds:max"
QUEUE_RATIO = "instance_process_local_port:tcp_accept_queue:ratio"
EPHEMERAL_RATIO = "instance:tcp_ephemeral_ports:ratio"

# The thresholds of ../../prometheus/alerts.yml. A colour starts at its number: a count that alerts above 0 has 1 here.
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
    """Returns a query for the series that were highest in the time shown, the same ones at each moment.

    It drops the other series before the sum, which costs a seventh of the time with thousands of series.
    """
    highest = per(labels, f"max_over_time({selector}[$__range] @ end())", how)
    return per(labels, f"{selector} and on ({labels}) topk({count}, {highest})", how)


def number_of(matching: str) -> str:
    """Returns a query for the number of matching series, 0 included."""
    return f"count({matching}) or vector(0)"


def or_none(labels: str, vector: str, name: str) -> str:
    """Returns the vector, completed with 0 for groups that have sockets and are not in it."""
    return f"{vector} or 0 * {per(labels, in_state('established', name))}"


def fill(labels: str) -> str:
    """Returns a query for the ratio of the fullest accept queue, from the exporter's own metrics."""
    length, limit = (select(f"tcp_accept_queue_{what}") for what in ("length", "limit"))
    return per(labels, f"{length} / ({limit} > 0)", "max")
