# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on the measurements of a scenario: times, and their ratios."""

import statistics


def times(result, *keys):
    """Returns {round: sum of the rows' times} of the rounds in which all rows ran; None if a row is missing."""
    rows = [result["rows"].get(key) for key in keys]
    if None in rows:
        return None
    return {number: sum(row["ns"][number] for row in rows) for number in rows[0]["ns"]
            if all(number in row["ns"] for row in rows)}


def median_time(result, key):
    return statistics.median(times(result, key).values())


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


def growth(result, base, key):
    """Returns a row's median time in one result divided by its median time in another."""
    return median_time(result, key) / median_time(base, key)
