"""Two threads on one object: `python bench/threads.py --help`.

Ratios to the time of one thread on one half, taken by turns in one process. Two threads on two
halves work at the same time: 1 is the best that two cores can do, and 2 is no gain. Two threads on
the same half take turns: 2 is right, and less would mean that they met. One operation uses one
thread here.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from measure import Contender, Effort, Measured, cores, in_turns

import audio_samples
from audio_samples import AudioSamples

RATE = 48_000
SIZES = (100_000, 2_200_000, 11_000_000)  # samples of a half: in the cache, and far beyond it
QUICK_SIZES = SIZES[:1]
ONE, HALVES, SAME = "one thread, one half", "two threads, two halves", "two threads, one half"


class Team:
    """Threads that are there already, each adding 1 in place some times to a part of its own."""

    def __init__(self, pool: ThreadPoolExecutor, parts: Sequence[Any], calls: int) -> None:
        self.pool = pool
        self.parts = parts
        self.calls = calls
        self.runs = 0

    def add(self, part: Any) -> None:
        for _ in range(self.calls):
            part += 1

    def run(self) -> None:
        self.runs += 1
        list(self.pool.map(self.add, self.parts))


def measured(size: int, make: Callable[[Any], Any], effort: Effort) -> tuple[Measured, bool]:
    """Times of one object of two halves, and whether every addition is there in the end."""
    whole = np.zeros(2 * size)
    one_object = make(whole)
    halves = [one_object[:size], one_object[size:]]
    calls = max(1, 4_000_000 // size)  # milliseconds: starting two threads is no part of it
    with ThreadPoolExecutor(2) as pool:
        one = Team(pool, halves[:1], calls)
        both = Team(pool, halves, calls)
        same = Team(pool, [halves[0], halves[0]], calls)
        teams = {ONE: one, HALVES: both, SAME: same}
        contenders = [Contender(name, "run()", {"run": team.run}) for name, team in teams.items()]
        result = in_turns(contenders, effort)
    added = [one.runs + both.runs + 2 * same.runs, both.runs]
    right = all(
        (part == calls * count).all()
        for part, count in zip((whole[:size], whole[size:]), added, strict=True)
    )
    return result, right


def lines(sizes: Sequence[int], effort: Effort) -> list[str]:
    makers: dict[str, Callable[[Any], Any]] = {
        "audio": lambda whole: AudioSamples.new_mono(whole, RATE, copy=False),
        "NumPy": lambda whole: whole,
    }
    text = [
        f"{'samples of a half':>17} {'':6} {'':24} {'ratio':>6} {'spread':>14} {'additions':>10}"
    ]
    for size, (kind, make) in itertools.product(sizes, makers.items()):
        result, right = measured(size, make, effort)
        for name in (HALVES, SAME):
            ratio = result.ratios[name]
            spread = f"{ratio.low:.2f} .. {ratio.high:.2f}"
            found = "all there" if right else "LOST"
            text.append(
                f"{size:17,} {kind:6} {name:24} {ratio.median:6.2f} {spread:>14} {found:>10}"
            )
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one size, few rounds: does it run?")
    options = parser.parse_args()
    effort = Effort(rounds=41, least=15, budget=6.0)
    if options.quick:
        effort = Effort(rounds=5, least=3, budget=0.3)
    if cores() < 2:
        print("one core: two threads can only take turns here", file=sys.stderr)
    audio_samples.set_num_threads(1)
    print("\n".join(lines(QUICK_SIZES if options.quick else SIZES, effort)))


if __name__ == "__main__":
    main()
