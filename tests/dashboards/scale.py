#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures rules and dashboards in a real Prometheus with the series of many hosts.

scale.py FOLDER [HOSTS]: makes the series of so many hosts (1,000) as OpenMetrics, imports them into FOLDER with promtool,
and lets a Prometheus evaluate each rule and the queries of each panel. Prints the processor time of the server, which is
almost the same on a busy machine, and samples. Needs 3 GB in FOLDER.

A host has 20 pairs of process and local port, 15 of which listen, and 15 pairs of process and remote port.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from typing import Any, Iterator, NamedTuple

import yaml
from grafana import FOLDER, fill, load_all, targets_of

RULES = FOLDER.parent / "prometheus"
URL = "http://127.0.0.1:19090"
STEP = 60  # seconds between two samples
HISTORY = 130  # minutes, for ranges of two hours
RECENT = 3  # samples of a series that only instant queries read
# Range of the alerts' queries, in hours
OFFSETS = (0.25, 0.5, 0.75, 1, 2, 4, 6, 8, 24, 150, 168)
PAIRS, LISTENERS, REMOTES = 20, 15, 15
STATES = ("established", "close_wait", "time_wait", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "last_ack", "listen",
          "closing")  # fmt: skip
VALUES = {"job": ".+", "instance": ".+", "process": ".+", "cluster": ".*", "host": "host-1", "before": "1h",
          "__range": "2h", "__rate_interval": "4m"}  # fmt: skip
# The dashboards that show one host, or one process
CHOSEN = {"tcp-exporter-host": {"instance": "host-1"}, "tcp-exporter-process": {"process": "service-1"}}


class Series(NamedTuple):
    text: str
    history: bool  # True if ranges read it


def series_of(host: int) -> Iterator[Series]:
    target = f'job="tcp",instance="host-{host}"'

    def pair(number: int) -> str:
        return f'process="service-{number}",local_port="{8000 + number if number < LISTENERS else "ephemeral"}"'

    by_port = "instance_process_local_port_state:tcp_connections:sum"
    for number in range(PAIRS):
        for state in STATES:
            labels = f'{{{target},state="{state}",{pair(number)}}}'
            yield Series("tcp_connections" + labels, False)
            if state in ("established", "close_wait", "listen"):
                yield Series(by_port + labels, state != "listen")
            yield Series(f'instance_process_state:tcp_connections:sum{{{target},state="{state}",process="service-{number}"}}',
                         state == "close_wait")  # fmt: skip
        labels = f"{{{target},{pair(number)}}}"
        yield Series("tcp_close_wait_oldest_seconds" + labels, False)
        yield Series("instance_process_local_port:tcp_close_wait_oldest_seconds:max" + labels, False)
        yield from (Series(f"tcp_{name}_queue_bytes{labels}", False) for name in ("receive", "send"))
    for number in range(LISTENERS):
        labels = f"{{{target},{pair(number)}}}"
        yield from (Series(name + labels, False) for name in ("tcp_accept_queue_length", "tcp_accept_queue_limit"))
        yield from (Series(name + labels, True) for name in ("instance_process_local_port:tcp_accept_queue_length:sum",
                                                             "instance_process_local_port:tcp_accept_queue:ratio"))
    for number in range(REMOTES):
        remote = f'{target},process="service-{number}",remote_port="{5000 + number}"'
        for state in STATES[:-1]:
            labels = f'{{{remote},state="{state}"}}'
            yield Series("tcp_outbound_connections" + labels, False)
            yield Series("instance_process_remote_port_state:tcp_outbound_connections:sum" + labels, False)
        yield Series(f"instance_process_remote_port:tcp_outbound_connections_open:sum{{{remote}}}", True)
    yield from (Series(f'tcp_sockets{{{target},state="{state}"}}', True) for state in STATES)
    yield from (Series(f"{name}{{{target}}}", True) for name in (
        "up", "instance:tcp_ephemeral_ports:ratio", "tcp_exporter_scrapes_total"))
    yield from (Series(f"{name}{{{target}}}", False) for name in (
        "tcp_ephemeral_ports_used", "tcp_ephemeral_ports_limit", "tcp_exporter_folded_series",
        "tcp_exporter_unreadable_processes"))
    yield from (Series(f'tcp_exporter_scrape_duration_seconds{{{target},phase="{phase}"}}', True)
                for phase in ("sockets", "owners"))
    yield from (Series(f'tcp_exporter_scrape_errors_total{{{target},cause="{cause}"}}', True)
                for cause in ("timeout", "memory"))


def extremes_of(host: int) -> Iterator[str]:
    """Yields the series that alerts compare over time. On every tenth host a process rises."""
    target = f'job="tcp",instance="host-{host}"'
    for extreme in "min", "max":
        for number in range(PAIRS):
            port = 8000 + number if number < LISTENERS else "ephemeral"
            yield (f"instance_process_local_port_state:tcp_connections:{extreme}2h"
                   f'{{{target},state="close_wait",process="service-{number}",local_port="{port}"}}')
        for number in range(REMOTES):
            for period in ("15m", "2h"):
                yield (f"instance_process_remote_port:tcp_outbound_connections_open:{extreme}{period}"
                       f'{{{target},process="service-{number}",remote_port="{5000 + number}"}}')
    if host % 10 == 0:
        yield ("instance_process_local_port_state:tcp_connections:rise2h"
               f'{{{target},state="close_wait",process="service-0",local_port="8000"}}')
        for period in "15m", "2h":
            yield (f"instance_process_remote_port:tcp_outbound_connections_open:rise{period}"
                   f'{{{target},process="service-0",remote_port="5000"}}')
    for number in range(LISTENERS):
        yield ("instance_process_local_port:tcp_connections_established:min1h"
               f'{{{target},state="established",process="service-{number}",local_port="{8000 + number}"}}')


JOB_EXTREME = re.compile(r"instance_(process_\w+:tcp_\w+:(?:min|max)\w+){(.*),instance=\"[^\"]*\"(.*)")


def job_extremes() -> Iterator[str]:
    """Yields the extremes of the whole job."""
    for series in extremes_of(1):
        match = JOB_EXTREME.fullmatch(series)
        if match and not series.startswith("instance_process_local_port:"):
            yield f"job_{match[1]}{{{match[2]}{match[3]}"


def job_sums() -> Iterator[str]:
    yield from (f'job_process_state:tcp_connections:sum{{job="tcp",state="{state}",process="service-{number}"}}'
                for state in STATES for number in range(PAIRS))
    yield 'job:tcp_exporters:count{job="tcp"}'


def write(path: pathlib.Path, samples: Iterator[tuple[str, list[int]]]) -> None:
    """Writes series with a value at each of their times. Families need no metadata and may repeat."""
    with path.open("w", encoding="ascii") as file:
        for number, (series, times) in enumerate(samples):
            file.write("".join(f"{series} {(number * 7 + at // STEP) % 97} {at}\n" for at in times))
        file.write("# EOF\n")


def import_all(folder: pathlib.Path, hosts: int, end: int) -> None:
    history = [end - STEP * minute for minute in reversed(range(HISTORY))]
    recent = history[-RECENT:]
    main = [(series.text, history if series.history else recent) for host in range(hosts) for series in series_of(host)]
    main += [(series, history) for series in job_sums()]
    extremes = [*job_extremes(), *(series for host in range(hosts) for series in extremes_of(host))]
    files = [("main", main + [(series, recent) for series in extremes])]
    files += [(f"back-{hours}", [(series, [end - round(hours * 3600)]) for series in extremes]) for hours in OFFSETS]
    print(f"{hosts} hosts, {len(main) + len(extremes)} series, {sum(len(times) for _, times in main)} samples")
    for name, samples in files:
        path = folder / f"{name}.txt"
        write(path, iter(samples))
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", path, folder / "data"], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        path.unlink()


def ask(query: str, **parameters: str) -> dict[str, Any]:
    path = "query_range" if "start" in parameters else "query"
    body = urllib.parse.urlencode({"query": query, "stats": "all", **parameters}).encode()
    with urllib.request.urlopen(f"{URL}/api/v1/{path}", body, timeout=600) as reply:
        return json.loads(reply.read())["data"]["stats"]


class Cost(NamedTuple):
    seconds: float  # of processor time
    samples: int
    peak: int
    name: str


def processor_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(pid: int, name: str, query: str, **parameters: str) -> Cost:
    ask(query, **parameters)  # warm, as the queries of a minute ago leave the server
    before = processor_seconds(pid)
    samples = ask(query, **parameters)["samples"]
    return Cost(processor_seconds(pid) - before, samples["totalQueryableSamples"], samples["peakSamples"], name)


def show(title: str, costs: list[Cost], count: int) -> None:
    print(f"\n{title}: {sum(each.seconds for each in costs):.2f} s, {sum(each.samples for each in costs):,} samples")
    for each in sorted(costs, reverse=True)[:count]:
        print(f"  {each.seconds:8.3f} s {each.samples:12,} samples {each.peak:10,} peak  {each.name}")


def measure(pid: int, end: int) -> None:
    for name in "recording.yml", "alerts.yml":
        rules = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))
        for group in rules["groups"]:
            costs = [cost(pid, rule.get("record") or rule["alert"], rule["expr"], time=str(end)) for rule in group["rules"]]
            show(group["name"], costs, 3)
    for dashboard in load_all():
        chosen = {**VALUES, **CHOSEN.get(dashboard["uid"], {})}
        costs = []
        for target in targets_of(dashboard):
            times = {"time": str(end)} if target.target["instant"] else \
                {"start": str(end - 7200), "end": str(end), "step": "60"}  # fmt: skip
            costs.append(cost(pid, str(target), fill(target.expression, chosen), **times))
        show(dashboard["uid"], costs, 3)


def resident(pid: int) -> int:
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def main() -> None:
    folder, hosts = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    end = int(time.time()) // STEP * STEP - 3600
    import_all(folder, hosts, end)
    (folder / "prometheus.yml").write_text("{}\n", encoding="ascii")
    server = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                               f"--web.listen-address={URL.removeprefix('http://')}", "--log.level=error",
                               "--storage.tsdb.retention.time=30d"])  # fmt: skip
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{URL}/-/ready", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        measure(server.pid, end)
        print(f"\npeak resident memory of Prometheus: {resident(server.pid)} MiB")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
