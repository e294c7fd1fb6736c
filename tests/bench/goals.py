# SPDX-License-Identifier: Apache-2.0
"""Goals for the cost of a scrape, and the measurements that they are computed from."""

import ratios

MIB = 1 << 20
MARK = 100000
MILLION = 1000000
QUIET_MAX = 100


def result_near(results, sockets):
    return next((result for result in results if sockets <= result["sockets"] < sockets * 1.1), None)


def load_alone(document):
    """Returns the results without an addition and with the exporter's default flags."""
    scenes = {scene["key"]: scene["phases"] for scene in document["real_host"]}
    return [*document["scenarios"], *(scenes["time-wait"][:1] if scenes else [])]


def memory(result, key):
    return result["rows"][key]["memory"]["VmRSS"] / MIB


def scale(mark, million, cost):
    """Returns the cost of a million sockets divided by the cost of 100,000."""
    return cost(million) / cost(mark) * mark["sockets"] / million["sockets"] * MILLION / MARK


def cpu(*keys):
    return lambda result: sum(result["rows"][key]["cpu_ns"] for key in keys)


def speed(backend, mark):
    """Yields (goal, measured or None, limit or None for a number without a goal, True if more is better)."""
    key = [f"exporter-{backend}"]
    if backend == "bpf":
        yield "at most 0.3 x the dump, which knows no process", ratios.ratio(mark, key, ["dump"]), 0.3, False
        yield "at most 1.5 x the bare BPF walk", ratios.ratio(mark, key, ["bpf-walk"]), 1.5, False
        yield "200 x faster than `ss -tanpH`", ratios.ratio(mark, ["ss-processes"], key), 200, True
        yield "8 x faster than node_exporter's tcpstat", ratios.ratio(mark, ["node-exporter"], key), 8, True
    else:
        yield "at most 1.1 x (dump + walk)", ratios.ratio(mark, key, ["dump", "walk"]), 1.1, False
    yield "at most 16 MiB resident", memory(mark, *key), 16, False


def million_sockets(backend, mark, million):
    key, floors = f"exporter-{backend}", ["bpf-walk"] if backend == "bpf" else ["dump-one-walk", "walk"]
    yield "1,000,000: at most 64 MiB resident", memory(million, key), 64, False
    if mark:
        yield ("1,000,000: at most 10.5 x the CPU time of 100,000", scale(mark, million, cpu(key)), 10.5, False)
        yield f"the same of {' + '.join(floors)}", scale(mark, million, cpu(*floors)), None, False


def real_host(backend, scenes):
    """Yields goals of the last phase of each scene. The phase before it has a smaller addition or none."""
    key = f"exporter-{backend}"
    phases = {scene["key"]: scene["phases"] for scene in scenes}
    if backend == "bpf":
        yield ("10,000 TIME_WAIT: at most 0.5 x the dump", ratios.ratio(phases["time-wait"][-1], [key], ["dump"]), 0.5,
               False)
    for scene, goal, limit in (
            ("hidden", "a socket without a visible holder: at most 1.5 x the scrape without it", 1.5),
            ("namespaces", "200 network namespaces with a TIME_WAIT each: at most 1.5 x the scrape of one", 1.5),
            ("sharers", "1,000 processes that share a sparse table: at most 3 x the scrape without them", 3)):
        yield goal, ratios.growth(phases[scene][-1], phases[scene][-2], key), limit, False


def of_backend(document, backend):
    """Yields the goals of the measured loads."""
    results = load_alone(document)
    mark, million = result_near(results, MARK), result_near(results, MILLION)
    quiet = next((result for result in results if result["sockets"] < QUIET_MAX), None)
    scenes = document["real_host"]
    if scenes and result_near(scenes[0]["phases"], MARK):
        yield from real_host(backend, scenes)
    if mark:
        yield from ((f"100,000: {goal}", *rest) for goal, *rest in speed(backend, mark))
    if million:
        yield from million_sockets(backend, mark, million)
    if quiet and backend == "bpf":
        yield ("quiet host: at most 1.5 x the dump of the empty table",
               ratios.ratio(quiet, ["exporter-bpf"], ["dump"]), 1.5, False)


def verdict(measured, limit, more):
    if measured is None:
        return ["", "not measured"]
    if limit is None:
        return [f"{measured:.2f}", ""]
    met = measured >= limit if more else measured <= limit
    return [f"{measured:.2f}", "met" if met else "**missed**"]


def lines(document, backends):
    """Yields [goal, measured, verdict] of each goal."""
    for backend in backends:
        for goal, measured, limit, more in of_backend(document, backend):
            yield [f"{backend}, {goal}", *verdict(measured, limit, more)]
