# SPDX-License-Identifier: Apache-2.0
"""Measures a closed connection's cost with --collector.closed-owners, by the kernel's count of the program's time."""

import contextlib
import json
import pathlib
import statistics
import time

import parties
import report

# Connections per second. All have both ends here, so that each is closed twice.
RATE = 10000
ENDS = 2
SECONDS = 2
GOAL_NS = 1000
COUNTING = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")


@contextlib.contextmanager
def counting():
    """Makes the kernel count the runs of BPF programs and their time, which includes two clock readings per run."""
    before = COUNTING.read_text()
    COUNTING.write_text("1\n")
    try:
        yield
    finally:
        COUNTING.write_text(before)


def churn(arguments, server, reset_run):
    """Returns the program's nanoseconds, its runs, and the number of connections."""
    ns, runs = server.program_runs()
    with parties.Churn(arguments.tools, RATE, f"--reset-run={reset_run}") as connections:
        time.sleep(SECONDS)
    ns_after, runs_after = server.program_runs()
    return ns_after - ns, runs_after - runs, connections.opened


def measure(arguments, server):
    """Returns the nanoseconds per closed end: as counted, and without those of a run that has nothing to do."""
    idle_ns, idle_runs, _ = churn(arguments, server, 0)
    ns, runs, opened = churn(arguments, server, 1)
    return ns / (ENDS * opened), (ns - runs * idle_ns / idle_runs) / (ENDS * opened)


def check_owners(server):
    """Raises BenchError unless every TIME_WAIT belongs to the process that closed the connection."""
    samples = parties.parse_samples(server.scrape())
    total = sum(value for name, labels, value in samples if name == "tcp_sockets" and labels["state"] == "time_wait")
    owned = sum(value for name, labels, value in samples if name == "tcp_connections"
                and (labels["state"], labels["process"]) == ("time_wait", "churn"))
    if total == 0 or owned != total:
        raise parties.BenchError(f"{owned:.0f} of {total:.0f} TIME_WAIT sockets belong to the process that closed them")


def row(title, costs, goal):
    return [title, f"{statistics.median(costs):,.0f}", f"{min(costs):,.0f} to {max(costs):,.0f}", goal]


def run(arguments):
    """Returns 0. The times have no limit."""
    costs = []
    with counting(), parties.exporter_server(arguments, "bpf", parties.FIRST_EXPORTER_PORT,
                                             ["--collector.closed-owners"]) as server:
        server.scrape()  # it listens before it loads the program
        for number in range(arguments.rounds):
            costs.append(measure(arguments, server))
            report.progress(f"round {number + 1}: {costs[-1][0]:.0f} ns per closed end, {costs[-1][1]:.0f} net")
            if number == 0:  # later rounds can have more connections than there are notes
                check_owners(server)
    counted, net = zip(*costs)
    print(f"### A closed connection, with --collector.closed-owners: {RATE:,} per second, closed by both ends\n")
    print("\n".join(report.table(["BPF program, per closed end", "median ns", "min to max", "goal: under 1 us"], [
        row("as the kernel counts it", counted, ""),
        row("without the clock readings", net, "met" if statistics.median(net) < GOAL_NS else "**missed**")])))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(costs) + "\n")
    return 0
