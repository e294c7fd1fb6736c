# SPDX-License-Identifier: Apache-2.0
"""Comparison of two backends on the same scene: their metrics and tables must be equal.

Both exporters run and both connections to them are open before the first request, so that both see the same sockets.
"""
from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Callable

from exporter import PORT, Exporter, Link
from exposition import Exposition
from sockets import show

if TYPE_CHECKING:
    from case import SceneCase

BACKEND = "--collector.backend="
TWIN_BACKEND = "procfs"
PROGRAM = "tcp_exporter"
NOBODY = ("(none)", "(unknown)")  # owner of the clients' ends, for the exporter
TRIES = 20
SHARED = "tcp_exporter_shared_sockets"
DROPS = "tcp_accept_queue_drops_total"  # since the start of each exporter
QUEUES = ("tcp_receive_queue_bytes", "tcp_send_queue_bytes")
AGES = "tcp_close_wait_oldest_seconds"  # grow from one scrape to the next
# Jiffies are at most 10 ms, and two clocks are read.
AGE_ERROR_SECONDS = 0.05

Samples = dict[tuple[str, tuple], float]


def is_of_the_scene(family: str) -> bool:
    """Returns True if the family is about the scene, and neither about the exporter itself nor about its past."""
    return family == SHARED or not family.startswith(("tcp_exporter_", "process_", DROPS))


def is_in_use(family: str, labels: tuple, ports: set[str]) -> bool:
    """Returns True for the queued bytes of the scrapes' own connections, at either end."""
    names = dict(labels)
    is_client = names.get("process") in NOBODY and names.get("local_port", "ephemeral") == "ephemeral"
    return family in QUEUES and (names.get("local_port") in ports or names.get("process") == PROGRAM or is_client)


def samples_of(exposition: Exposition, ports: set[str]) -> Samples:
    return {(family.name, labels): value
            for family in exposition.families.values() if is_of_the_scene(family.name)
            for labels, value in family.samples.items() if not is_in_use(family.name, labels, ports)}  # fmt: skip


def differences(ours: Samples, theirs: Samples, seconds: float) -> list[str]:
    wrong = []
    for key in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(key), theirs.get(key)
        if a == b or key[0] == AGES and None not in (a, b) and abs(a - b) <= seconds + AGE_ERROR_SECONDS:
            continue
        wrong.append(f"{key}: {a} and {b}")
    return wrong


def start_twin(exporter: Exporter) -> Exporter:
    flags = [flag for flag in exporter.flags if not flag.startswith((BACKEND, "--web.listen", "--web.telemetry"))]
    return Exporter(exporter.scene, exporter.binary, BACKEND + TWIN_BACKEND, *flags, uid=exporter.uid,
                    network=exporter.network, address=exporter.address, port=PORT + 1, **exporter.environment)


def compare(ours: Callable[[], Samples], theirs: Callable[[], Samples]) -> list[str]:
    """Returns the differences. Reads each twice in turn. Reads again only if one differs from itself, because the
    scene is not quiet yet."""
    for _ in range(TRIES):
        began = time.monotonic()
        first, twin, again, twin_again = ours(), theirs(), ours(), theirs()
        seconds = time.monotonic() - began
        moved = differences(first, again, seconds) + differences(twin, twin_again, seconds)
        if not moved:
            return differences(first, twin, seconds)
    return ["the scene never is quiet", *moved]


def compare_scrapes(ours: Link, theirs: Link) -> list[str]:
    ends = [end for link in (ours, theirs) for end in (link.sock.getsockname(), link.sock.getpeername())]
    ports = {str(end[1]) for end in ends}
    return compare(lambda: samples_of(ours.metrics(), ports), lambda: samples_of(theirs.metrics(), ports))


def table_of(exporter: Exporter, backend: str) -> Samples:
    """Returns the rows of --print-table without the scrapes' own connections, whose client no process holds."""
    flags = [flag for flag in exporter.flags if flag.startswith(("--path.", "--collector.netns"))]
    output = exporter.scene.output_of(exporter.binary, BACKEND + backend, "--print-table=json", *flags,
                                      network=exporter.network, uid=exporter.uid)  # fmt: skip
    if output.code != 0:
        raise AssertionError(f"--print-table failed: {output}")
    rows = json.loads(output.stdout)
    for row in rows:
        row["last_segment_seconds"] = "last_segment_seconds" in row  # the age itself grows
    return {(json.dumps(row, sort_keys=True), ()): 1 for row in rows}


def compare_tables(exporter: Exporter) -> list[str]:
    backend = exporter.flags[0].removeprefix(BACKEND)
    return compare(lambda: table_of(exporter, backend), lambda: table_of(exporter, TWIN_BACKEND))


def compare_with_twin(case: SceneCase, exporter: Exporter) -> None:
    twin = start_twin(exporter)
    with contextlib.ExitStack() as closing:
        closing.callback(twin.stop)
        links = [closing.enter_context(each.link()) for each in (exporter, twin)]
        for link in links:
            link.ask("/healthz")  # accepted, so that the scene holds still
        wrong = compare_scrapes(*links)
    wrong = wrong or compare_tables(exporter)
    if wrong:
        case.fail(show(f"what {exporter.flags[0]} and {TWIN_BACKEND} say", wrong))
