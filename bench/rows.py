"""The rows of the speed table: ratios to NumPy with their targets and their floors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from contenders import RATE, Cell, Peers, check, numpy_and_audio
from measure import Contender, Effort, Measured, Spread, bandwidth, in_turns

from audio_samples import AudioSamples

M4, M22, M44 = 4_400_000, 22_000_000, 44_000_000


@dataclass
class Row:
    """One line of the table."""

    what: str
    against: str
    target: float | None
    ratio: Spread
    seconds: float
    reference: float
    floor: float | None = None
    peers: dict[str, Spread] = field(default_factory=dict)
    unit: str = "ratio"

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.ratio.median <= self.target

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}


@dataclass(frozen=True)
class Wanted:
    what: str
    target: float
    cell: Cell


def wanted() -> list[Wanted]:
    """The arithmetic rows, each with a scalar and with an array as operand."""
    rows = []
    for operand in ("scalar", "array"):
        for size, label, out, into in (
            (64, "64 samples", 0.50, 0.30),
            (M4, "4.4 M float64", 0.30, 0.60),
            (M22, "22 M float64", 0.25, 0.55),
        ):
            for target, in_place in ((out, False), (into, True)):
                cell = Cell(size, "*", in_place, operand=operand)
                sign = "*=" if in_place else "*"
                rows.append(Wanted(f"audio {sign} g, {label}, {operand}", target, cell))
        cell = Cell(M4, "/", operand=operand)
        rows.append(Wanted(f"audio / g with zero check, 4.4 M, {operand}", 0.60, cell))
    cell = Cell(M4, "*", in_place=True, dtype="float32", operand_dtype="float64")
    rows.append(Wanted("audio(f32) *= g(f64), 4.4 M, array", 0.40, cell))
    return sorted(rows, key=lambda row: row.cell.size)


def arithmetic(peers: Peers, effort: Effort, largest: int) -> Iterator[Row]:
    speeds: dict[int, float] = {}
    for row in wanted():
        cell = row.cell
        if cell.size > largest:
            continue
        check(cell)
        contenders = [*numpy_and_audio(cell), *peers.contenders(cell)]
        measured = in_turns(contenders, effort)
        reference = measured.seconds["NumPy"].median
        floor = None
        if cell.size >= M4:  # below, calls cost more than memory does
            if cell.size not in speeds:  # anew for each size, in the same run
                speeds[cell.size] = bandwidth(cell.size)
            # What NumPy moved just now, this machine can move.
            moved = cell.least_bytes / measured.seconds["NumPy"].low
            floor = cell.least_bytes / max(speeds[cell.size], moved) / reference
        yield _row(row.what, "NumPy", row.target, measured, floor)


def _row(
    what: str, against: str, target: float | None, measured: Measured, floor: float | None = None
) -> Row:
    first = next(iter(measured.seconds))
    others = {
        name: ratio for name, ratio in measured.ratios.items() if name not in (first, "audio")
    }
    return Row(
        what,
        against,
        target,
        measured.ratios["audio"],
        measured.seconds["audio"].median,
        measured.seconds[first].median,
        floor,
        others,
    )


def sharing(peers: Peers, effort: Effort, largest: int) -> Iterator[Row]:
    """The ways out, which must not depend on the size."""
    sizes = (1, min(M44, largest))
    audios = {size: AudioSamples.new_mono(np.zeros(size, np.float32), RATE) for size in sizes}
    contenders = [Contender(str(size), "a.to_numpy()", {"a": audios[size]}) for size in sizes]
    measured = in_turns(contenders, effort)
    for size in sizes:
        seconds = measured.seconds[str(size)]
        nanoseconds = Spread(seconds.median * 1e9, seconds.low * 1e9, seconds.high * 1e9)
        row = Row(
            f"to_numpy(), {samples_text(size)}", "", 150.0, nanoseconds, *[seconds.median] * 2
        )
        row.unit = "ns"
        yield row
    large = str(sizes[-1])
    flat = Measured(
        {"1 sample": measured.seconds["1"], "audio": measured.seconds[large]},
        {"audio": measured.ratios[large]},
    )
    # Flat: within what two timings of one thing may differ.
    yield _row(f"to_numpy(), {samples_text(sizes[-1])}", "1 sample", 1.1, flat)
    array = np.zeros(1000, np.float32)
    audio = AudioSamples.new_mono(array, RATE)
    loads: dict[str, Callable[[Any], Any]] = {"np.from_dlpack(audio)": np.from_dlpack}
    if peers.torch is not None:
        loads["torch.from_dlpack(audio)"] = peers.torch.from_dlpack
    for what, load in loads.items():
        pair = [
            Contender("ndarray", "load(a)", {"load": load, "a": array}),
            Contender("audio", "load(a)", {"load": load, "a": audio}),
        ]
        yield _row(what, "ndarray", 1.0, in_turns(pair, effort))


def samples_text(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}"


def table(rows: list[Row]) -> Iterator[str]:
    """The rows as lines of text, each complete in itself."""
    names = list(dict.fromkeys(name for row in rows for name in row.peers))
    head = f"{'what':44} {'against':9} {'measured':>9} {'spread':>15} {'target':>7} {'floor':>6}"
    yield head + f" {'':6} {'ours':>9} {'NumPy':>9}" + "".join(f" {name:>9}" for name in names)
    for row in rows:
        digits = 0 if row.unit == "ns" else 3
        spread = f"{row.ratio.low:.{digits}f} .. {row.ratio.high:.{digits}f}"
        measured = f"{row.ratio.median:.{digits}f}{' ns' if row.unit == 'ns' else ''}"
        target = "" if row.target is None else f"{row.target:.{min(digits, 2)}f}"
        floor = "" if row.floor is None else f"{row.floor:.2f}"
        verdict = {True: "met", False: "MISSED", None: ""}[row.met]
        line = f"{row.what:44} {row.against:9} {measured:>9} {spread:>15} {target:>7} {floor:>6}"
        line += f" {verdict:6} {duration(row.seconds):>9}"
        line += f" {duration(row.reference) if row.against == 'NumPy' else '':>9}"
        for name in names:
            line += f" {row.peers[name].median:9.2f}" if name in row.peers else f" {'-':>9}"
        yield line


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.2f} {unit}"
    return f"{seconds / 1e-9:.0f} ns"
