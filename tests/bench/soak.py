# SPDX-License-Identifier: Apache-2.0
"""Scrapes with two clients once per second for a long time. No scrape may fail, and the exporter must not grow."""

import json
import pathlib
import threading
import time

import flatness
import parties
import report

DEFAULT_SOCKETS = 10000
SCRAPE_SECONDS = 1
CLIENTS = 2
# A shorter run only shows that the soak works.
WARM_UP_PART_MAX = 1 / 3
CHECKPOINTS = 12


class Client(threading.Thread):
    """Scrapes once per second on a kept connection."""

    def __init__(self, arguments, backend, server, end):
        super().__init__()
        self._row = parties.ExporterRow(arguments.tools, backend, backend, server)
        self._end = end
        self.milliseconds = []
        self.failure = ""

    def run(self):
        try:
            with self._row as row:
                due = time.monotonic()
                while due < self._end:
                    time.sleep(max(0.0, due - time.monotonic()))
                    self.milliseconds.append(row.run().ns / 1e6)
                    due += SCRAPE_SECONDS
        except (parties.BenchError, parties.TookTooLong, OSError) as error:
            self.failure = str(error)


def watch(server, begin, seconds):
    """Memory and descriptors of the exporter after the warm-up."""
    points = []
    warm_up = min(flatness.CHURN_WARM_UP_SECONDS, seconds * WARM_UP_PART_MAX)
    for number in range(CHECKPOINTS):
        due = begin + warm_up + (seconds - warm_up) * number / (CHECKPOINTS - 1)
        time.sleep(max(0.0, due - time.monotonic()))
        points.append(flatness.checkpoint(server, round(time.monotonic() - begin)))
    return points


def measure(arguments, backend):
    seconds = arguments.soak * 60
    with parties.exporter_server(arguments, backend, parties.FIRST_EXPORTER_PORT) as server:
        begin = time.monotonic()
        clients = [Client(arguments, backend, server, begin + seconds) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        points = watch(server, begin, seconds)
        for client in clients:
            client.join()
        samples = parties.parse_samples(server.scrape())
    errors = sum(value for name, _, value in samples if name == "tcp_exporter_scrape_errors_total")
    failures = [client.failure for client in clients if client.failure]
    return {"milliseconds": sorted(sum((client.milliseconds for client in clients), [])), "points": points,
            "failures": failures, "errors": errors}


def is_good(result):
    """Checks the descriptors. The last sample may be with or without the clients' connections."""
    first, last = result["points"][0], result["points"][-1]
    return (not result["failures"] and result["errors"] == 0
            and last["rss"] - first["rss"] <= flatness.GROWTH_MAX_BYTES
            and last["descriptors"] <= first["descriptors"])


def show(arguments, backend, churned, result):
    times = result["milliseconds"]
    print(f"### {backend}: {arguments.soak:g} minutes, {arguments.churn:,} connections per second, {CLIENTS} clients: "
          f"{'good' if is_good(result) else '**not good**'}\n")
    print(f"{churned:,} connections; {len(times):,} scrapes, {len(result['failures'])} clients failed "
          f"{result['failures'] or ''}, {result['errors']:.0f} failed snapshots; median {times[len(times) // 2]:.1f} ms, "
          f"99 % within {times[len(times) * 99 // 100]:.1f} ms, longest {times[-1]:.1f} ms\n")
    print("\n".join(report.table(
        ["after s", "RSS KiB", "anonymous KiB", "descriptors"],
        ([f"{p['scrape']:,}", f"{p['rss'] // 1024:,}", f"{p['anonymous'] // 1024:,}", str(p["descriptors"])]
         for p in result["points"]))))


def run(arguments):
    """Returns 0 if every backend passes."""
    sockets = (arguments.sockets or [DEFAULT_SOCKETS])[0]
    results = {}
    with parties.Load(arguments.tools, sockets, parties.processes_for(sockets, arguments.processes),
                      arguments.half_closed) as load:
        for backend in arguments.backends:
            report.progress(f"{backend}: {arguments.soak:g} minutes beside {load.sockets:,} sockets")
            with parties.Churn(arguments.tools, arguments.churn) as churn:
                results[backend] = measure(arguments, backend)
            show(arguments, backend, churn.opened, results[backend])
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")
    return 0 if all(map(is_good, results.values())) else 1
