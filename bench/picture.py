"""The table and the sweep as one picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from contenders import LAYOUTS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rows import Row
from sweep import DTYPES, Point

COLOURS = dict(zip(DTYPES, ("#7b3294", "#c2a5cf", "#5aae61", "#1b7837"), strict=True))


def draw(rows: list[Row], points: list[Point], path: Path) -> None:
    rows = [row for row in rows if row.unit == "ratio"]
    mpl.rcParams["font.size"] = 8
    lines = (1 if rows else 0) + (2 if points else 0)
    figure = Figure(figsize=(14, 5 * lines), layout="constrained")
    grid = figure.add_gridspec(lines, len(LAYOUTS))
    if rows:
        _bars(figure.add_subplot(grid[0, :]), rows)
    if points:
        for column, layout in enumerate(LAYOUTS):
            for form in (0, 1):
                axes = figure.add_subplot(grid[lines - 2 + form, column])
                chosen = [
                    point
                    for point in points
                    if point.cell.layout == layout and point.cell.in_place == bool(form)
                ]
                _lines(axes, chosen)
                axes.set_title(f"{layout}, {'in place' if form else 'out of place'}")
    figure.savefig(path, dpi=130)


def _bars(axes: Axes, rows: list[Row]) -> None:
    places = range(len(rows))
    medians = [row.ratio.median for row in rows]
    below = [row.ratio.median - row.ratio.low for row in rows]
    above = [row.ratio.high - row.ratio.median for row in rows]
    colours = ["#1b7837" if row.met else "#b2182b" for row in rows]
    axes.barh(places, medians, xerr=[below, above], color=colours, height=0.6)
    for place, row in zip(places, rows, strict=True):
        axes.plot([row.target] * 2, [place - 0.4, place + 0.4], color="black", linewidth=2)
        if row.floor is not None:
            axes.plot([row.floor] * 2, [place - 0.4, place + 0.4], color="black", linestyle=":")
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_yticks(places, [f"{row.what} : {row.against}" for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("time as a ratio; black: target, dotted: floor by memory bandwidth")


def _lines(axes: Axes, points: list[Point]) -> None:
    series: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for point in points:
        cell = point.cell
        key = (cell.dtype, cell.symbol, cell.operand)
        series.setdefault(key, []).append((cell.size, point.ratio.median))
    for (dtype, symbol, operand), values in series.items():
        sizes, ratios = zip(*sorted(values), strict=True)
        label = dtype if (symbol, operand) == ("+", "scalar") else None
        style = "-" if operand == "array" else "--"
        axes.plot(sizes, ratios, style, color=COLOURS[dtype], linewidth=0.9, label=label)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("samples")
    axes.set_ylabel("time / NumPy's time")
    axes.legend(title="solid: array, dashed: scalar", fontsize=7)
