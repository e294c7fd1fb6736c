# SPDX-License-Identifier: Apache-2.0
"""Writes measurements as Markdown: a table per load, ratios, and goals with their results."""

import statistics
import sys

MIB = 1 << 20
MARK = 100000
MILLION = 1000000
QUIET_MAX = 100
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


def times(result, *keys):
    """Returns {round: sum of the rows' times} of the rounds in which all rows ran; None if a row is missing."""
    rows = [result["rows"].get(key) for key in keys]
    if None in rows:
        return None
    return {number: sum(row["ns"][number] for row in rows) for number in rows[0]["ns"]
            if all(number in row["ns"] for row in rows)}


def ratio(result, over, under):
    """Returns the median over the rounds of one time divided by another; None if a row is missing."""
    above, below = times(result, *over), times(result, *under)
    if above is None or below is None:
        return None
    return statistics.median(above[number] / below[number] for number in above if number in below)


def cpu_ratio(result, over, under):
    """Returns the ratio of CPU times, which other work on the machine changes less than wall times."""
    rows = result["rows"]
    if not all(key in rows for key in (*over, *under)):
        return None
    return sum(rows[key]["cpu_ns"] for key in over) / sum(rows[key]["cpu_ns"] for key in under)


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


def busy_lines(result):
    walk = result["rows"]["walk"]
    share = walk["cpu_ns"] / statistics.median(walk["ns"].values())
    if share < IDLE_MIN:
        yield f"Other work ran on this machine: the bare walk had a CPU for {share * 100:.0f} % of its time.\n"


def scenario_lines(result):
    exporter = times(result, exporter_keys(result)[0])
    yield (f"### {result['title'].capitalize()}: {result['sockets']:,} in {result['processes']} processes, "
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


def backends(document):
    return [key.removeprefix("exporter-") for key in exporter_keys(document["scenarios"][0])]


def ratio_lines(document):
    results = document["scenarios"]
    for backend in backends(document):
        for words, over, under, divide in ratios_of(backend):
            values = [divide(result, over, under) for result in results]
            yield [words, *("" if value is None else f"{value:.2f}" for value in values)]


def result_near(document, sockets):
    return next((r for r in document["scenarios"] if sockets <= r["sockets"] < sockets * 1.1), None)


class Goals:
    """Numbers that the goals of a backend are computed from."""

    def __init__(self, document, backend):
        self.mark, self.million = result_near(document, MARK), result_near(document, MILLION)
        self.quiet = next((r for r in document["scenarios"] if r["sockets"] < QUIET_MAX), None)
        self.key = f"exporter-{backend}"

    def rss(self, result):
        return result["rows"][self.key]["memory"]["VmRSS"] / MIB

    def cpu(self, result, *keys):
        return sum(result["rows"][row]["cpu_ns"] for row in keys or [self.key])

    def time(self, result):
        return statistics.median(times(result, self.key).values())

    def growth(self, cost):
        mark, million = self.mark, self.million
        return cost(million) / cost(mark) * mark["sockets"] / million["sockets"] * MILLION / MARK

    def scale(self, floors):
        """Yields the goals at a million sockets."""
        if self.mark and self.million:
            yield ("1,000,000: at most 10.5 x the time of 100,000", self.growth(self.time), 10.5, False)
            yield ("1,000,000: at most 10.5 x the CPU time of 100,000", self.growth(self.cpu), 10.5, False)
            yield (f"the same of {' + '.join(floors)}", self.growth(lambda result: self.cpu(result, *floors)), None,
                   False)
        if self.million:
            yield ("1,000,000: at most 64 MiB resident", self.rss(self.million), 64, False)


def procfs_goals(document):
    """Yields (goal, measured or None, limit or None for a number without a goal, True if more is better)."""
    goals = Goals(document, "procfs")
    mark, quiet, key = goals.mark, goals.quiet, goals.key
    if mark:
        yield ("100,000: scrape at most 1.25 x (dump + walk)", ratio(mark, [key], ["dump", "walk"]), 1.25, False)
        yield ("100,000: the same with the dump in one walk", ratio(mark, [key], ["dump-one-walk", "walk"]), 1.25,
               False)
        yield ("100,000: 10 x faster than `ss -tanpH`", ratio(mark, ["ss-processes"], [key]), 10, True)
        yield ("100,000: at most 16 MiB resident", goals.rss(mark), 16, False)
    yield from goals.scale(["dump-one-walk", "walk"])
    if quiet:
        yield ("quiet host: at most 1.3 x the dump of the empty table in two walks", ratio(quiet, [key], ["dump"]), 1.3,
               False)
        yield ("quiet host: at most 1.3 x the same in one walk", ratio(quiet, [key], ["dump-one-walk"]), 1.3, False)


def bpf_goals(document):
    """Yields the goals of bpf as procfs_goals() does."""
    goals = Goals(document, "bpf")
    mark, quiet, key = goals.mark, goals.quiet, goals.key
    if mark:
        yield ("bpf, 100,000: no slower than the dump, which knows no process", ratio(mark, [key], ["dump"]), 1, False)
        yield ("bpf, 100,000: at most 1.3 x the bare BPF walk", ratio(mark, [key], ["bpf-walk"]), 1.3, False)
        yield ("bpf, 100,000: 40 x faster than `ss -tanpH`", ratio(mark, ["ss-processes"], [key]), 40, True)
        yield ("bpf, 100,000: 3 x faster than node_exporter's tcpstat", ratio(mark, ["node-exporter"], [key]), 3, True)
        yield ("bpf, 100,000: at most 16 MiB resident", goals.rss(mark), 16, False)
    yield from goals.scale(["bpf-walk"])
    if quiet:
        yield ("bpf, quiet host: at most 1.3 x the dump of the empty table in two walks", ratio(quiet, [key], ["dump"]),
               1.3, False)
        yield ("bpf, quiet host: at most 1.3 x the same in one walk", ratio(quiet, [key], ["dump-one-walk"]), 1.3, False)


# Goals per backend. A new backend needs a function here.
GOALS = {"bpf": bpf_goals, "procfs": procfs_goals}


def goal_lines(document):
    for backend in backends(document):
        for goal, measured, limit, more in GOALS.get(backend, lambda _: ())(document):
            if measured is None:
                yield [goal, "", "not measured"]
            elif limit is None:
                yield [goal, f"{measured:.2f}", ""]
            else:
                met = measured >= limit if more else measured <= limit
                yield [goal, f"{measured:.2f}", "met" if met else "**missed**"]


def markdown(document):
    results = document["scenarios"]
    lines = [f"`{document['command'].strip()}` on {document['machine']}.\n"]
    for result in results:
        lines += scenario_lines(result)
    lines += ["### Ratios (medians of the ratios of each round)\n"]
    lines += table(["", *(result["title"] for result in results)], ratio_lines(document))
    goals = list(goal_lines(document))
    if goals:
        lines += ["### Goals\n", *table(["", "measured", ""], goals)]
    return "\n".join(lines)
