#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the goals and the order of the report with invented measurements."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import goals  # noqa: E402
import report  # noqa: E402

MS = 1_000_000
ROUNDS = 3


def row(milliseconds, mib=None):
    ns = milliseconds * MS
    server = {"memory": {name: mib * goals.MIB for name in ("VmRSS", "VmHWM")}, "phases": {"sockets": ns}} if mib else {}
    return {"title": "a row", "ns": {number: ns for number in range(ROUNDS)}, "cpu_ns": ns, **server}


def result(title, sockets, bpf, mib=13):
    """Returns the result of a load, of which the time and memory of the bpf backend vary."""
    rows = {"exporter-bpf": row(bpf, mib), "exporter-procfs": row(430, 11), "dump": row(100), "dump-one-walk": row(60),
            "walk": row(300), "bpf-walk": row(10), "ss": row(200), "ss-processes": row(6000),
            "node-exporter": row(240, 84)}
    return {"title": title, "sockets": sockets, "processes": 50, "half_closed_percent": 10, "rounds": ROUNDS,
            "missing": [], "rows": rows}


def scene(key, *phases):
    return {"key": key, "phases": [result(title, 100050, bpf) for title, bpf in phases]}


def document():
    return {
        "command": "tests/bench/run", "machine": "a machine",
        "scenarios": [result("quiet host", 72, 200), result("100,000 sockets", 100050, 30),
                      result("1,000,000 sockets", 1000000, 330, mib=62)],
        "real_host": [scene("time-wait", ("the load alone", 30), ("10,000 TIME_WAIT", 60)),
                      scene("hidden", ("the load alone", 30), ("1 hidden", 36)),
                      scene("namespaces", ("the load alone", 50), ("1 namespace", 60), ("200 namespaces", 84)),
                      scene("sharers", ("the load alone", 30), ("1,000 sharers", 120))],
    }


def verdicts(measured, backend):
    return {goal: (value, verdict) for goal, value, verdict in goals.lines(measured, [backend])}


class Goals(unittest.TestCase):
    maxDiff = None

    def test_each_goal_of_bpf(self):
        self.assertEqual(verdicts(document(), "bpf"), {
            "bpf, 10,000 TIME_WAIT: at most 0.5 x the dump": ("0.60", "**missed**"),
            "bpf, a socket without a visible holder: at most 1.5 x the scrape without it": ("1.20", "met"),
            "bpf, 200 network namespaces with a TIME_WAIT each: at most 1.5 x the scrape of one": ("1.40", "met"),
            "bpf, 1,000 processes that share a sparse table: at most 3 x the scrape without them":
                ("4.00", "**missed**"),
            "bpf, 100,000: at most 0.3 x the dump, which knows no process": ("0.30", "met"),
            "bpf, 100,000: at most 1.5 x the bare BPF walk": ("3.00", "**missed**"),
            "bpf, 100,000: 200 x faster than `ss -tanpH`": ("200.00", "met"),
            "bpf, 100,000: 8 x faster than node_exporter's tcpstat": ("8.00", "met"),
            "bpf, 100,000: at most 16 MiB resident": ("13.00", "met"),
            "bpf, 1,000,000: at most 64 MiB resident": ("62.00", "met"),
            "bpf, 1,000,000: at most 10.5 x the CPU time of 100,000": ("11.01", "**missed**"),
            "bpf, the same of bpf-walk": ("1.00", ""),
            "bpf, quiet host: at most 1.5 x the dump of the empty table": ("2.00", "**missed**"),
        })

    def test_procfs_has_its_floor_and_no_goal_of_bpf(self):
        found = verdicts(document(), "procfs")
        self.assertEqual(found["procfs, 100,000: at most 1.1 x (dump + walk)"], ("1.07", "met"))
        self.assertEqual(found["procfs, 100,000: at most 16 MiB resident"], ("11.00", "met"))
        self.assertFalse([goal for goal in found if "the dump" in goal or "faster" in goal])

    def test_the_load_alone_of_a_real_host_has_the_goals_of_its_size(self):
        found = verdicts({**document(), "scenarios": []}, "bpf")
        self.assertEqual(found["bpf, 100,000: at most 0.3 x the dump, which knows no process"], ("0.30", "met"))

    def test_a_row_that_was_not_measured_has_no_verdict(self):
        measured = document()
        for any_result in measured["scenarios"]:
            del any_result["rows"]["ss-processes"]
        self.assertEqual(verdicts(measured, "bpf")["bpf, 100,000: 200 x faster than `ss -tanpH`"], ("", "not measured"))

    def test_small_loads_have_no_goals(self):
        measured = document()
        measured["scenarios"] = [result("1,000 sockets", 1000, 3)]
        for any_scene in measured["real_host"]:
            for phase in any_scene["phases"]:
                phase["sockets"] = 1000
        self.assertEqual(verdicts(measured, "bpf"), {})


class Order(unittest.TestCase):
    def test_a_real_host_with_time_wait_is_first(self):
        text = report.markdown(document())
        cells = [line for line in text.splitlines() if line.startswith("| ")]
        self.assertTrue(cells[1].startswith("| 10,000 TIME_WAIT | 60.0 | 60.0 | 2.00 | 0.60 | 430 | 430 | 1.00 | 4.30 |"),
                        cells[1])
        self.assertTrue(cells[2].startswith("| the load alone | 30.0 | 30.0 | 1.00 | 0.30 |"), cells[2])
        self.assertLess(text.index("### A real host"), text.index("### Quiet host"))

    def test_loads_alone_have_no_table_of_a_real_host(self):
        self.assertNotIn("A real host", report.markdown({**document(), "real_host": []}))


if __name__ == "__main__":
    unittest.main()
