"""Every operator, type and layout over the sizes from one sample to 44 million."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from contenders import LAYOUTS, Cell, check, numpy_and_audio
from measure import Effort, Spread, in_turns

SIZES = (1, 8, 64, 512, 4096, 32_768, 262_144, 1 << 20, 4_400_000, 22_000_000, 44_000_000)
QUICK_SIZES = (1, 4096)
DTYPES = ("int16", "int32", "float32", "float64")
CHECKED = 1 << 20
SHOWN = 30  # the JSON file has all of them


@dataclass(frozen=True)
class Point:
    cell: Cell
    ratio: Spread
    seconds: float
    reference: float

    @property
    def slower(self) -> bool:
        """Above NumPy by more than the noise."""
        return self.ratio.low > 1.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"slower": self.slower}


def cells(sizes: tuple[int, ...]) -> Iterator[Cell]:
    for size, symbol, in_place, dtype, operand, layout in itertools.product(
        sizes, "+-*/", (False, True), DTYPES, ("scalar", "array"), LAYOUTS
    ):
        cell = Cell(size, symbol, in_place, dtype, operand, layout=layout)
        if cell.possible:
            yield cell


def sweep(
    sizes: tuple[int, ...], effort: Effort, heard: Callable[[Point], None] = lambda _: None
) -> list[Point]:
    points = []
    for cell in cells(sizes):
        if cell.size <= CHECKED:
            check(cell)
        measured = in_turns(numpy_and_audio(cell), effort)
        point = Point(
            cell,
            measured.ratios["audio"],
            measured.seconds["audio"].median,
            measured.seconds["NumPy"].median,
        )
        points.append(point)
        heard(point)
    return points


def summary(points: list[Point]) -> Iterator[str]:
    """For each size and layout the best, the median and the worst ratio, then the slowest cells."""
    forms = [(layout, in_place) for layout in LAYOUTS for in_place in (False, True)]
    yield "ratios to NumPy, best / median / worst over operators, types and operands"
    yield f"{'samples':>11} " + " ".join(
        f"{layout + (' in place' if in_place else ''):>20}" for layout, in_place in forms
    )
    for size in sorted({point.cell.size for point in points}):
        fields = []
        for layout, in_place in forms:
            ratios = sorted(
                point.ratio.median
                for point in points
                if (point.cell.size, point.cell.layout, point.cell.in_place)
                == (size, layout, in_place)
            )
            middle = ratios[len(ratios) // 2]
            fields.append(f"{ratios[0]:.2f} / {middle:.2f} / {ratios[-1]:.2f}")
        yield f"{size:11,} " + " ".join(f"{text:>20}" for text in fields)
    slower = sorted(
        (point for point in points if point.slower), key=lambda point: -point.ratio.median
    )
    above = sum(point.ratio.median > 1.0 for point in points)
    yield (
        f"{len(points)} cells: {above} with a median above 1.0, "
        f"{len(slower)} of them by more than their spread"
    )
    if slower:
        yield f"the slowest {min(len(slower), SHOWN)} of these:"
    for point in slower[:SHOWN]:
        cell, ratio = point.cell, point.ratio
        sign = f"{cell.symbol}{'=' if cell.in_place else ''}"
        yield (
            f"  {ratio.median:.2f} ({ratio.low:.2f} .. {ratio.high:.2f})  {cell.size:,} "
            f"{cell.dtype} {cell.layout}: audio {sign} {cell.operand}"
        )
