# SPDX-License-Identifier: Apache-2.0
"""Rounds of measurements: every row once per round, in a new order each round."""

import contextlib
import math
import os
import pathlib
import random
import re
import time

import parties

# A row with longer runs than this runs in the first SLOW_ROUNDS rounds only.
SLOW_NS = 5_000_000_000
SLOW_ROUNDS = 3
# The kernel's number of TIME_WAIT sockets and of FIN_WAIT2 sockets without a holder, of which the load has none.
TIME_WAIT = re.compile(r"^TCP: .* tw (\d+) ", re.MULTILINE)


def is_due(row, number):
    return number < SLOW_ROUNDS or min(sample.ns for sample in row.samples.values()) < SLOW_NS


def warm_up(rows, missing):
    """Runs each row once, for the kernel's caches, and returns the rows that finish in time."""
    kept = []
    for row in rows:
        try:
            row.run()
            kept.append(row)
        except parties.TookTooLong as reason:
            missing.append(str(reason))
    return kept


def run_round(rows, number):
    """Runs every row once, in the order of this round. Returns the seconds of the round."""
    begin = time.monotonic()
    order = list(rows)
    random.Random(number).shuffle(order)
    for row in order:
        if is_due(row, number):
            row.samples[number] = row.run()
            row.after_run()
    return time.monotonic() - begin


def run_rounds(rows, rounds, end=math.inf):
    """Runs at most `rounds` rounds, and none that would end after `end` if it were as long as the longest so far.

    Returns the number of rounds.
    """
    longest = 0.0
    number = 0
    for row in rows:
        row.begin()
    while number < rounds and time.monotonic() + longest < end:
        longest = max(longest, run_round(rows, number))
        number += 1
    if number == 0:
        raise parties.BenchError("no time is left for a round")
    for row in rows:
        row.end()
    return number


def check_counts(rows, load):
    """Raises BenchError unless each row has counted the sockets of the load."""
    for row in rows:
        seen = row.sockets_seen()
        if seen is None:
            continue
        count, is_exact = seen
        if count < load.sockets or (is_exact and count != load.sockets):
            raise parties.BenchError(f"{row.title}: saw {count} sockets of {load.sockets}")


def count_time_wait():
    """Returns the kernel's number of TIME_WAIT sockets in all network namespaces with a process."""
    counts = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the process has ended
            text = (process / "net/sockstat").read_text()
            counts[os.stat(process / "ns/net").st_ino] = int(TIME_WAIT.search(text)[1])
    return sum(counts.values())


def check_time_wait(expected):
    """Raises BenchError unless the kernel has so many TIME_WAIT sockets: each changes the cost of a scrape."""
    count = count_time_wait()
    if count != expected:
        raise parties.BenchError(f"{count} TIME_WAIT sockets exist after the last round, not {expected}")
