# SPDX-License-Identifier: Apache-2.0
"""Additions that real hosts have to the sockets that processes hold, each measured next to the same load without it."""

import math
import time

import measure
import parties
import report

# The load to which the counts below belong; they shrink and grow with it.
LOAD_SOCKETS = 100000
# TIME_WAIT sockets live for 60 s, in which they are made, measured and counted.
TIME_WAIT_END_SECONDS = 56


class Scene:
    """Additions to one load, as (kind of `extras`, count), in the order of measuring."""

    def __init__(self, key, additions, seen=None, expires=False, has_peers=False, flags=()):
        self.key, self.additions = key, additions
        self.seen = seen  # labels of the additions' sockets in tcp_connections, or None: they add none
        self.expires = expires  # they end after a minute
        self.has_peers = has_peers  # other tools are measured too
        self.flags = list(flags)  # the exporter's


# In the order of the report. The first leaves TIME_WAIT sockets behind, so that the last is measured first. The bench
# has a PID namespace of its own, in which the owner of a socket without a holder is "(unknown)".
SCENES = [
    Scene("time-wait", [("time-wait", 10000)], {"process": "extras", "state": "time_wait"}, expires=True,
          has_peers=True),
    Scene("hidden", [("hidden", 1)], {"process": "(unknown)", "state": "established"}),
    Scene("namespaces", [("namespaces", 1), ("namespaces", 200)], {"process": "extras", "state": "time_wait"},
          expires=True, flags=["--collector.netns=all"]),
    Scene("sharers", [("sharers", 1000)]),
]


def load_sockets(arguments):
    return (arguments.sockets or [LOAD_SOCKETS])[0]


def scaled(count, arguments):
    """Returns the count for the size of the load, at least 1."""
    return max(1, count * load_sockets(arguments) // LOAD_SOCKETS)


def exporters(rows):
    return [row for row in rows if isinstance(row, parties.ExporterRow)]


def check_added(rows, scene, expected):
    """Raises BenchError unless each exporter counts all additional sockets, while they still exist."""
    counts = [(row, row.count("tcp_connections", scene.seen)) for row in exporters(rows)] if scene.seen else []
    measure.check_time_wait(expected if scene.expires else 0)
    for row, count in counts:
        if count != expected:
            raise parties.BenchError(f"{row.title}: saw {count} of the additional {scene.seen}, not {expected}")


def result_of(scene, words, load, rounds, rows, missing):
    title = ", ".join([words, *scene.flags])
    report.progress(f"{title}: {rounds} rounds were run")
    return report.scenario(title, load, rounds, rows, missing)


def measure_alone(arguments, scene, load, rows, missing):
    rounds = measure.run_rounds(rows, arguments.rounds)
    measure.check_time_wait(0)
    measure.check_counts(rows, load)
    return result_of(scene, "the load alone", load, rounds, rows, missing)


def measure_added(arguments, scene, addition, load, rows, missing):
    kind, count = addition[0], scaled(addition[1], arguments)
    end = time.monotonic() + TIME_WAIT_END_SECONDS if scene.expires else math.inf
    report.progress(f"{scene.key}: making {count:,}")
    with parties.Extras(arguments.tools, kind, count) as extras:
        for row in exporters(rows):
            row.run()  # once, so that its buffers have their size
        rounds = measure.run_rounds(rows, arguments.rounds, end)
        check_added(rows, scene, count)
        measure.check_counts(rows, load)
        return result_of(scene, extras.words, load, rounds, rows, missing)


def measure_scene(arguments, scene, load):
    """Measures the load alone, then with each addition, with the same servers."""
    with parties.rows(arguments, scene.flags, scene.has_peers) as (candidates, missing):
        rows = measure.warm_up(candidates, missing)
        phases = [measure_alone(arguments, scene, load, rows, missing)]
        for addition in scene.additions:
            phases.append(measure_added(arguments, scene, addition, load, rows, missing))
    return {"key": scene.key, "phases": phases}


def measure_all(arguments):
    """Returns all scenes, measured on one load, in the order of the report."""
    sockets = load_sockets(arguments)
    processes = parties.processes_for(sockets, arguments.processes)
    report.progress(f"real host: making {sockets:,} sockets in {processes} processes")
    with parties.Load(arguments.tools, sockets, processes, arguments.half_closed) as load:
        return [measure_scene(arguments, scene, load) for scene in reversed(SCENES)][::-1]
