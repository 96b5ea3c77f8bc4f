"""Audio against NumPy, in ratios: `python bench/compare.py --help`.

Every ratio comes from one process in which the contenders take turns, so that a busy machine
disturbs all of them alike. A spread is the range from the 10th to the 90th percentile.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from contenders import Peers
from measure import Effort, bandwidth, cores
from rows import M4, M44, Row, arithmetic, sharing, table
from sweep import QUICK_SIZES, SIZES, Point, summary, sweep


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", action="store_true", help="only the table of targets")
    parser.add_argument("--sweep", action="store_true", help="only the sweep over sizes")
    parser.add_argument("--quick", action="store_true", help="few sizes and rounds: does it run?")
    parser.add_argument("--largest", type=int, default=M44, metavar="N", help="samples at most")
    parser.add_argument("--peer", type=Path, metavar="DIR", help="where a peer package lies")
    parser.add_argument("--no-peers", action="store_true", help="no columns but NumPy and audio")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the ratios into FILE")
    return parser.parse_args()


def machine() -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": cores(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.platform(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    options = arguments()
    everything = not options.rows and not options.sweep
    warnings.simplefilter("ignore", RuntimeWarning)  # sums of integers wrap, as they should
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    facts["bytes per second"] = bandwidth(M4)
    print(f"memory moves {facts['bytes per second'] / 1e9:.1f} GB/s at best, over {M4:,} samples")

    rows: list[Row] = []
    points: list[Point] = []
    largest = min(options.largest, M4) if options.quick else options.largest
    if options.rows or everything:
        peers = Peers(options.peer)
        if options.no_peers:
            peers.torch = peers.numexpr = peers.published = None
        effort = Effort(rounds=7, least=3, budget=0.3) if options.quick else Effort()
        rows = [*arithmetic(peers, effort, largest), *sharing(peers, effort, largest)]
        print("\n" + "\n".join(table(rows)))
    if options.sweep or everything:
        points = sweep_with_progress(options.quick, largest)
        print("\n" + "\n".join(summary(points)))
    if options.json:
        figures = {
            "machine": facts,
            "rows": [row.as_json() for row in rows],
            "sweep": [point.as_json() for point in points],
        }
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    if options.picture:
        from picture import draw  # Matplotlib is slow to import

        draw(rows, points, options.picture)


def sweep_with_progress(quick: bool, largest: int) -> list[Point]:
    sizes = tuple(size for size in (QUICK_SIZES if quick else SIZES) if size <= largest)
    effort = Effort(sample=5e-5, rounds=5, least=3, budget=0.05)
    if not quick:
        effort = Effort(sample=2e-4, rounds=21, least=5, budget=0.4)
    began = time.perf_counter()
    seen = set()

    def heard(point: Point) -> None:
        if point.cell.size not in seen:
            seen.add(point.cell.size)
            elapsed = time.perf_counter() - began
            print(f"{elapsed:6.0f} s: {point.cell.size:,} samples", file=sys.stderr)

    return sweep(sizes, effort, heard)


if __name__ == "__main__":
    main()
