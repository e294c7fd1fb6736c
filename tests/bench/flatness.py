# SPDX-License-Identifier: Apache-2.0
"""Scrapes the exporter many times and checks that its memory and descriptors do not grow."""

import json
import pathlib
import time

import parties
import report

DEFAULT_SOCKETS = 100000
# Buffers and the allocator reach their size in the first scrapes.
WARM_UP = 20
# During churn the table grows for the lifetime of a TIME_WAIT socket, which is a minute.
CHURN_WARM_UP_SECONDS = 90
CHECKPOINTS = 10
# Growth that the allocator may cause. A leak of one byte per socket and scrape is far above it.
GROWTH_MAX_BYTES = 256 * 1024


def checkpoint(server, scrape):
    memory = server.memory()
    return {"scrape": scrape, "rss": memory["VmRSS"], "anonymous": memory["RssAnon"],
            "descriptors": server.descriptors()}


def warm_up(row, churns):
    end = time.monotonic() + (CHURN_WARM_UP_SECONDS if churns else 0)
    number = 0
    while number < WARM_UP or time.monotonic() < end:
        row.run()
        number += 1


def scrape_many(row, scrapes, churns):
    warm_up(row, churns)
    points = [checkpoint(row.server, 0)]
    for number in range(1, scrapes + 1):
        row.run()
        if number * CHECKPOINTS // scrapes != (number - 1) * CHECKPOINTS // scrapes:
            points.append(checkpoint(row.server, number))
    return points


def measure(arguments, backend, load):
    with parties.exporter_server(arguments, backend, parties.FIRST_EXPORTER_PORT) as server, \
            parties.ExporterRow(arguments.tools, backend, backend, server) as row:
        with parties.Churn(arguments.tools, arguments.churn) as churn:
            points = scrape_many(row, arguments.scrapes, bool(arguments.churn))
        report.progress(f"{backend}: {churn.opened:,} connections came and went")
        if row.sockets_seen()[0] != load.sockets:
            raise parties.BenchError(f"{backend}: saw {row.sockets_seen()[0]} sockets of {load.sockets}")
    return points


def is_flat(points):
    return (points[-1]["rss"] - points[0]["rss"] <= GROWTH_MAX_BYTES
            and points[-1]["descriptors"] == points[0]["descriptors"])


def run(arguments):
    """Returns 0 if every backend stays flat."""
    sockets = (arguments.sockets or [DEFAULT_SOCKETS])[0]
    processes = parties.processes_for(sockets, arguments.processes)
    results = {}
    with parties.Load(arguments.tools, sockets, processes, arguments.half_closed) as load:
        for backend in arguments.backends:
            report.progress(f"{backend}: {arguments.scrapes} scrapes of {load.sockets:,} sockets")
            results[backend] = points = measure(arguments, backend, load)
            print(f"### {backend}: {arguments.scrapes:,} scrapes of {load.sockets:,} sockets: "
                  f"{'flat' if is_flat(points) else '**growing**'}\n")
            print("\n".join(report.table(
                ["after scrapes", "RSS KiB", "anonymous KiB", "descriptors"],
                ([f"{p['scrape']:,}", f"{p['rss'] // 1024:,}", f"{p['anonymous'] // 1024:,}", str(p["descriptors"])]
                 for p in points))))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")
    return 0 if all(is_flat(points) for points in results.values()) else 1
