"""Times of several contenders in one process, taken in turns, and what memory can do meanwhile."""

from __future__ import annotations

import itertools
import os
import statistics
import time
import timeit
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Contender:
    """A statement and the names that it uses; the names are locals of the timed loop."""

    name: str
    statement: str
    names: dict[str, Any]

    def timer(self) -> timeit.Timer:
        # Locals, so that no look-up in a dictionary is timed and `audio *= g` may rebind its name.
        setup = "; ".join(f"{name} = _names[{name!r}]" for name in self.names)
        return timeit.Timer(self.statement, setup or "pass", globals={"_names": self.names})


@dataclass(frozen=True)
class Spread:
    """A median and the range from the 10th to the 90th percentile."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        low, high = np.percentile(values, [10, 90])
        return cls(statistics.median(values), float(low), float(high))


@dataclass(frozen=True)
class Measured:
    """Seconds of one call, and ratios to the first contender taken round by round."""

    seconds: dict[str, Spread]
    ratios: dict[str, Spread]


@dataclass(frozen=True)
class Effort:
    """How long one sample takes at least, and how many rounds there are."""

    sample: float = 5e-4
    rounds: int = 41
    budget: float = 1.5  # seconds for all rounds of all contenders, where `least` allows
    least: int = 7


def in_turns(contenders: Sequence[Contender], effort: Effort) -> Measured:
    """Time the contenders A B A B ..., so that what disturbs one disturbs the other."""
    timers = [contender.timer() for contender in contenders]
    for timer in timers:
        timer.timeit(1)
    once = timers[0].timeit(1)
    calls = 1
    while once * calls < effort.sample / 4 and calls < 1 << 20:
        calls *= 4
        once = timers[0].timeit(calls) / calls
    calls = max(1, round(effort.sample / max(once, 1e-9)))
    began = time.perf_counter()
    samples: list[list[float]] = [[] for _ in timers]
    for round_number in range(effort.rounds):
        order = range(len(timers))
        for index in order if round_number % 2 == 0 else reversed(order):
            samples[index].append(timers[index].timeit(calls) / calls)
        if round_number + 1 >= effort.least and time.perf_counter() - began > effort.budget:
            break
    names = [contender.name for contender in contenders]
    return Measured(
        {name: Spread.of(values) for name, values in zip(names, samples, strict=True)},
        {
            name: Spread.of([a / b for a, b in zip(values, samples[0], strict=True)])
            for name, values in zip(names, samples, strict=True)
        },
    )


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bandwidth(samples: int, rounds: int = 9) -> float:
    """Bytes a second that this machine moves at best over so many float64 samples.

    Copies and in-place changes, on one core and on all of them: a floor must not be beatable.
    """
    source, target = np.ones(samples), np.ones(samples)
    best = 0.0
    for threads in {1, cores()}:
        edges = np.linspace(0, samples, threads + 1).astype(int)
        parts = [slice(low, high) for low, high in itertools.pairwise(edges)]

        def copy(part: slice) -> None:
            np.copyto(target[part], source[part])

        def change(part: slice) -> None:
            np.negative(target[part], out=target[part])

        with ThreadPoolExecutor(threads) as pool:
            for work in (copy, change):
                for _ in range(rounds):
                    began = time.perf_counter()
                    if threads == 1:
                        work(slice(None))
                    else:
                        list(pool.map(work, parts))
                    best = max(best, 2 * source.nbytes / (time.perf_counter() - began))
    return best
