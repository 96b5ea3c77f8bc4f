"""The same expression for NumPy, for audio and for whoever else is installed."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from measure import Contender

import audio_samples
from audio_samples import AudioSamples

RATE = 44_100
LAYOUTS = ("contiguous", "interleaved", "one channel", "reversed")


@dataclass(frozen=True)
class Cell:
    """One expression: `audio * g`, `audio *= g` and so on."""

    size: int
    symbol: str = "*"
    in_place: bool = False
    dtype: str = "float64"
    operand: str = "array"  # or "scalar"
    operand_dtype: str = ""  # that of the audio where it is empty
    layout: str = "contiguous"

    @property
    def possible(self) -> bool:
        """Whether NumPy allows it: no integer holds a quotient."""
        return not (self.in_place and self.symbol == "/" and self.dtype.startswith("int"))

    @property
    def expression(self) -> str:
        return f"a {self.symbol}{'=' if self.in_place else ''} g"

    @property
    def least_bytes(self) -> int:
        """Bytes that must cross the memory bus: what is read once and what is written once."""
        own = np.dtype(self.dtype)
        other = np.dtype(self.operand_dtype or own)
        result = own
        if not self.in_place:
            weak = self.operand == "scalar"
            result = own if weak else np.result_type(own, other)
            if self.symbol == "/" and result.kind == "i":
                result = np.dtype(np.float64)
        read = own.itemsize + (other.itemsize if self.operand == "array" else 0)
        return self.size * (read + result.itemsize)


def samples(size: int, dtype: str, layout: str, seed: int = 0) -> np.ndarray:
    """Samples in a layout; values stay far from overflow, zero and denormal numbers."""
    rng = np.random.default_rng(seed)
    room = 2 * size if layout == "one channel" else max(size, 2)
    kind = np.dtype(dtype).kind
    # Repeated blocks: random numbers for 44 million samples would take longer than the test.
    block = rng.uniform(0.5, 1.5, min(room, 1 << 16))
    block = (block * 50).astype(dtype) if kind == "i" else block.astype(dtype)
    base = np.resize(block, room)
    if layout == "interleaved":
        return base[: room // 2 * 2].reshape(-1, 2).T
    if layout == "one channel":
        return base[::2]
    return base[:size][::-1] if layout == "reversed" else base[:size]


def operand(cell: Cell) -> Any:
    """An operand that can be applied any number of times: signs for products, little for sums."""
    dtype = np.dtype(cell.operand_dtype or cell.dtype)
    small = 1 if dtype.kind == "i" else 1e-6
    value = dtype.type(-1 if cell.symbol in "*/" else small)
    if cell.operand == "scalar":
        return value.item()
    like = samples(cell.size, str(dtype), cell.layout, seed=1)
    like[...] = value
    if cell.symbol in "*/":
        like[..., ::2] = 1
    return like


def audio_of(array: np.ndarray, layout: str) -> AudioSamples:
    """Audio in memory of its own where the layout is contiguous, else on a copy of the array."""
    if layout == "contiguous":
        return AudioSamples.new_mono(array, RATE)
    if layout == "reversed":
        return AudioSamples.new_mono(array[::-1], RATE)[::-1]
    if layout == "interleaved":
        return AudioSamples.new_multi(array.T.copy(), RATE, layout="frames_first", copy=False)
    frames = np.repeat(array, 2)
    return AudioSamples.new_mono(frames[::2], RATE, copy=False)


def numpy_and_audio(cell: Cell) -> list[Contender]:
    array, gain = samples(cell.size, cell.dtype, cell.layout), operand(cell)
    audio = audio_of(array, cell.layout)
    return [
        Contender("NumPy", cell.expression, {"a": array, "g": gain}),
        Contender("audio", cell.expression, {"a": audio, "g": gain}),
    ]


def check(cell: Cell) -> None:
    """A wrong result is not worth timing."""
    numpy, audio = numpy_and_audio(cell)
    results = []
    for contender in (numpy, audio):
        names = dict(contender.names)
        if cell.in_place:
            exec(cell.expression, names)
            results.append(np.asarray(names["a"]))
        else:
            results.append(np.asarray(eval(cell.expression, names)))
    if results[0].dtype != results[1].dtype or not np.array_equal(*results):
        raise AssertionError(f"{cell}: the results differ")


class Peers:
    """What else can be measured here; none of it is needed."""

    def __init__(self, directory: Path | None = None) -> None:
        self.torch = _installed("torch")
        self.numexpr = _installed("numexpr")
        self.published = _published(directory) if directory is not None else None

    def contenders(self, cell: Cell) -> Iterator[Contender]:
        array, gain = samples(cell.size, cell.dtype, cell.layout), operand(cell)
        if self.torch is not None and cell.layout != "reversed":
            tensor = self.torch.from_numpy(array)
            factor = self.torch.from_numpy(gain) if isinstance(gain, np.ndarray) else gain
            yield Contender("PyTorch", cell.expression, {"a": tensor, "g": factor})
        if self.numexpr is not None and cell.size > 1:
            text = f"a {cell.symbol} g"
            call = f"run({text!r}, local_dict=names{', out=a' if cell.in_place else ''})"
            if cell.in_place:
                call = call.replace("out=a", "out=a, casting='same_kind'")
            names = {"run": self.numexpr.evaluate, "names": {"a": array, "g": gain}, "a": array}
            yield Contender("numexpr", call, names)
        if self.published is not None and cell.layout == "contiguous":
            other = self.published.AudioSamples.new_mono(array, RATE)
            contender = Contender("published", cell.expression, {"a": other, "g": gain})
            with contextlib.suppress(Exception):  # what it cannot do is an empty field
                contender.timer().timeit(1)
                yield contender


def _installed(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _published(directory: Path) -> ModuleType | None:
    """The package of the same name from another directory, beside ours in one process."""
    name = audio_samples.__name__
    ours = {key: module for key, module in sys.modules.items() if key.split(".")[0] == name}
    for key in ours:
        del sys.modules[key]
    sys.path.insert(0, str(directory))
    try:
        module = importlib.import_module(name)
        found = Path(module.__file__ or "").resolve()
        return module if found.is_relative_to(directory.resolve()) else None
    except ImportError:
        return None
    finally:
        sys.path.remove(str(directory))
        for key in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[key]
        sys.modules.update(ours)
