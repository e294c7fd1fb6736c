# SPDX-License-Identifier: Apache-2.0
"""Eleven days of services as they are recorded in production: with daily and weekly rhythm, noise, deploys, bursts and
batches, and some of them with a leak. Each service has a series of the number of its sockets.
"""
import math
import random
from dataclasses import dataclass
from typing import Callable

STEP = 4  # minutes between two samples
DAY = 1440
DAYS = 11
MINUTES = range(0, DAYS * DAY, STEP)
LEAK_START = 9 * DAY + 10 * 60  # a Wednesday at ten, after more than a week of history

# The number of sockets of a healthy service in a minute.
Load = Callable[[int, random.Random], float]


def day_wave(minute: int) -> float:
    """Returns the load of the hour: 0 at night, 1 at 14 o'clock."""
    return max(0.0, math.sin(math.pi * (minute % DAY / 60 - 6) / 16)) if 6 <= minute % DAY / 60 <= 22 else 0.0


def weekday(minute: int) -> bool:
    """Returns true from Monday to Friday; the first day is a Monday."""
    return minute // DAY % 7 < 5


def noisy(mean: float, dice: random.Random) -> float:
    return dice.gauss(mean, math.sqrt(mean))


def steady(level: float) -> Load:
    return lambda minute, dice: level


def random_around(level: float) -> Load:
    return lambda minute, dice: noisy(level, dice)


def daily(night: float, day: float, weekend: float = 1.0, noise: bool = True) -> Load:
    def load(minute: int, dice: random.Random) -> float:
        mean = night + (day - night) * day_wave(minute) * (1.0 if weekday(minute) else weekend)
        return noisy(mean, dice) if noise else mean

    return load


def with_bursts(load: Load, height: float, minutes: int, per_day: float) -> Load:
    """Adds bursts of this height and length."""
    ends = {"at": -1}

    def burst(minute: int, dice: random.Random) -> float:
        if dice.random() < per_day * STEP / DAY:
            ends["at"] = minute + minutes
        return load(minute, dice) + (height if minute < ends["at"] else 0)

    return burst


def with_batch(load: Load, height: float) -> Load:
    """Adds a batch that grows from two to half past three at night and ends at five."""
    def batch(minute: int, dice: random.Random) -> float:
        passed = minute % DAY - 120
        return load(minute, dice) + (height * min(1.0, passed / 90) if 0 <= passed < 180 else 0)

    return batch


def with_deploys(load: Load, change: float) -> Load:
    """At eleven on weekdays the service starts with no connections, fills its pools in 20 minutes, and then has more or
    fewer than before."""
    def deployed(minute: int, dice: random.Random) -> float:
        number = minute // DAY + (1 if minute % DAY >= 660 else 0)
        filled = min(1.0, (minute % DAY - 660) / 20) if weekday(minute) and minute % DAY >= 660 else 1.0
        return filled * load(minute, dice) * (1 + change * ((number * 7) % 3 - 1))

    return deployed


def growing(load: Load, per_day: float) -> Load:
    return lambda minute, dice: load(minute, dice) * (1 + per_day * minute / DAY)


def lazy_pool(size: int) -> Load:
    """Opens a connection every half hour until the pool is full; the service restarts every three days."""
    return lambda minute, dice: min(size, minute % (3 * DAY) // 30)


OUTBOUND: dict[str, Load] = {
    "steady": steady(20),
    "noisy": random_around(100),
    "daily small": daily(10, 60),
    "daily large": daily(200, 1000, weekend=0.4),
    "daily, smooth": daily(50, 400, weekend=0.2, noise=False),
    "weekdays only": daily(5, 300, weekend=0.0),
    "nightly batch": with_batch(random_around(20), 300),
    "bursts": with_bursts(random_around(30), 500, 20, 6),
    "long bursts": with_bursts(steady(10), 100, 240, 1),
    "deploys": with_deploys(random_around(80), 0.3),
    "deploys, daily": with_deploys(daily(50, 300, weekend=0.5), 0.2),
    "growing business": growing(daily(50, 300, weekend=0.5), 0.02),
    "lazy pool": lazy_pool(16),
}
CLOSE_WAIT: dict[str, Load] = {
    "none": steady(0),
    "short-lived": random_around(4),
    "short-lived, daily": daily(1, 25, weekend=0.3),
    "bursts": with_bursts(random_around(2), 60, 20, 4),
    "a few forgotten": steady(8),
    "drained at deploys": with_deploys(random_around(20), 0.3),
}
# Leaks per hour
LEAKS = {"1 per hour": 1, "5 per hour": 5, "20 per hour": 20, "1 per minute": 60, "10 per minute": 600, "100 per minute": 6000}


@dataclass
class Service:
    name: str
    load: Load
    leak_per_hour: float = 0.0

    def values(self) -> list[int]:
        """Returns the number of sockets at each of MINUTES."""
        dice = random.Random(self.name)
        leaked, values = 0.0, []
        for minute in MINUTES:
            if minute >= LEAK_START:
                mean = self.leak_per_hour * STEP / 60
                leaked += round(noisy(mean, dice)) if mean > 10 else sum(dice.random() < mean / 20 for _ in range(20))
            values.append(max(0, round(self.load(minute, dice) + leaked)))
        return values
