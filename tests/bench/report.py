# SPDX-License-Identifier: Apache-2.0
"""Writes measurements as Markdown: a real host, a table per load, ratios, and goals with their results."""

import statistics
import sys

import goals
from ratios import cpu_ratio, growth, median_time, ratio, times

MIB = 1 << 20
# A walk with a lower share of CPU time than this shared the machine with other work.
IDLE_MIN = 0.9


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def scenario(title, load, rounds, rows, missing):
    """Returns the measurements of a load as plain data. Times are nanoseconds by round."""
    return {
        "title": title, "sockets": load.sockets, "processes": load.processes, "half_closed_percent": load.half_closed,
        "rounds": rounds, "missing": missing,
        "rows": {row.key: {"title": row.title, "ns": {number: sample.ns for number, sample in row.samples.items()},
                           "cpu_ns": row.cpu_ns(), **row.facts()} for row in rows},
    }


def milliseconds(ns):
    return f"{ns / 1e6:,.2f}" if ns < 1e7 else f"{ns / 1e6:,.1f}" if ns < 1e8 else f"{ns / 1e6:,.0f}"


def table(header, lines):
    yield "| " + " | ".join(header) + " |"
    yield "|---" + "|--:" * (len(header) - 1) + "|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def time_cells(result, values, exporter):
    median = statistics.median(values.values())
    times_exporter = statistics.median(values[number] / exporter[number] for number in values if number in exporter)
    return [milliseconds(median), f"{milliseconds(min(values.values()))} to {milliseconds(max(values.values()))}",
            f"{times_exporter:.2f}"]


def row_lines(result, exporter):
    for key, row in result["rows"].items():
        memory = row.get("memory")
        yield [row["title"], *time_cells(result, row["ns"], exporter), milliseconds(row["cpu_ns"]),
               *(f"{memory[name] / MIB:.1f}" if memory else "" for name in ("VmRSS", "VmHWM"))]
        if key == "walk":
            for dump, words in (("dump", "dump + walk"), ("dump-one-walk", "dump in one walk + walk")):
                yield [words, *time_cells(result, times(result, dump, "walk"), exporter), "", "", ""]


def exporter_keys(result):
    return [key for key in result["rows"] if key.startswith("exporter-")]


def phase_lines(result):
    """Yields the durations of the exporter's phases. HTTP and thread switches are not in them."""
    for key in exporter_keys(result):
        row = result["rows"][key]
        parts = ", ".join(f"{phase} {milliseconds(ns)}" for phase, ns in row["phases"].items())
        yield f"{row['title']}, its own phases in ms: {parts}.\n"


def walk_share(result):
    """Returns the share of its time in which the bare walk had a CPU."""
    return result["rows"]["walk"]["cpu_ns"] / median_time(result, "walk")


def busy_lines(result):
    share = walk_share(result)
    if share < IDLE_MIN:
        yield f"Other work ran on this machine: the bare walk had a CPU for {share * 100:.0f} % of its time.\n"


def scenario_lines(result):
    exporter = times(result, exporter_keys(result)[0])
    title = result["title"][0].upper() + result["title"][1:]
    yield (f"### {title}: {result['sockets']:,} in {result['processes']} processes, "
           f"{result['half_closed_percent']} % of the connections half-closed\n")
    yield from table(["", "median ms", "min to max", "x exporter", "CPU ms", "RSS MiB", "peak MiB"],
                     row_lines(result, exporter))
    yield from phase_lines(result)
    yield from busy_lines(result)
    for words in result["missing"]:
        yield f"Not measured: {words}.\n"


def ratios_of(backend):
    """Returns (text, dividend, divisor, kind of times) of each ratio."""
    exporter = [f"exporter-{backend}"]
    return [
        (f"{backend} scrape / (dump + walk)", exporter, ["dump", "walk"], ratio),
        ("the same of CPU times", exporter, ["dump", "walk"], cpu_ratio),
        (f"{backend} scrape / (dump in one walk + walk)", exporter, ["dump-one-walk", "walk"], ratio),
        ("the same of CPU times", exporter, ["dump-one-walk", "walk"], cpu_ratio),
        *([("bpf scrape / bare BPF walk", exporter, ["bpf-walk"], ratio),
           ("the same of CPU times", exporter, ["bpf-walk"], cpu_ratio)] if backend == "bpf" else []),
        (f"{backend} scrape / dump", exporter, ["dump"], ratio),
        ("the same of CPU times", exporter, ["dump"], cpu_ratio),
        (f"{backend} scrape / dump in one walk", exporter, ["dump-one-walk"], ratio),
        (f"`ss -tanH` / {backend} scrape", ["ss"], exporter, ratio),
        (f"`ss -tanpH` / {backend} scrape", ["ss-processes"], exporter, ratio),
        (f"node_exporter / {backend} scrape", ["node-exporter"], exporter, ratio),
    ]


def detailed(document):
    """Returns the results with a table and ratios of their own: the first scene of a real host, and all loads."""
    return [*(result for scene in document["real_host"][:1] for result in reversed(scene["phases"])),
            *document["scenarios"]]


def backends(document):
    return [key.removeprefix("exporter-") for key in exporter_keys(detailed(document)[0])]


def ratio_lines(document, results):
    for backend in backends(document):
        for words, over, under, divide in ratios_of(backend):
            values = [divide(result, over, under) for result in results]
            yield [words, *("" if value is None else f"{value:.2f}" for value in values)]


def real_host_cells(key, result, alone):
    """Returns the times of the exporter with this key, and their ratios."""
    return [milliseconds(min(times(result, key).values())), milliseconds(median_time(result, key)),
            f"{growth(result, alone, key):.2f}", f"{ratio(result, [key], ['dump']):.2f}"]


def real_host_lines(document):
    for scene in document["real_host"]:
        for result in reversed(scene["phases"]):
            cells = (real_host_cells(key, result, scene["phases"][0]) for key in exporter_keys(result))
            yield [result["title"], *sum(cells, []), f"{walk_share(result) * 100:.0f} %"]


def real_host_table(document):
    columns = [f"{backend}{words}" for backend in backends(document)
               for words in (" min ms", " median ms", " / load alone", " / dump")]
    yield "### A real host\n"
    yield ("Each row is the same load, alone or with an addition. The last column is the share of its time in which "
           "the bare walk had a CPU.\n")
    yield from table(["", *columns, "walk"], real_host_lines(document))


def markdown(document):
    results = detailed(document)
    lines = [f"`{document['command'].strip()}` on {document['machine']}.\n"]
    if document["real_host"]:
        lines += real_host_table(document)
    for result in results:
        lines += scenario_lines(result)
    lines += ["### Ratios (medians of the ratios of each round)\n"]
    lines += table(["", *(result["title"] for result in results)], ratio_lines(document, results))
    goal_lines = list(goals.lines(document, backends(document)))
    if goal_lines:
        lines += ["### Goals\n", *table(["", "measured", ""], goal_lines)]
    return "\n".join(lines)
