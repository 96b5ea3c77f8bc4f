"""NumPy's functions that are no ufuncs: NumPy runs them on arrays that share the memory.

What they write, they write into the audio.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ._audio_samples import AudioSamples, _array, _lease

# Functions that call back into Python: what they call may wait for another thread, so that
# none is held. So with every function that is given something to call, or an array of objects.
_CALLING = {
    "apply_along_axis",
    "apply_over_axes",
    "vectorize",
    "piecewise",
    "fromfunction",
    "frompyfunc",
    "save",
    "savez",
    "savez_compressed",
    "savetxt",
    "array2string",
    "array_repr",
    "array_str",
}
_WRITERS = {"copyto", "put", "place", "putmask", "put_along_axis", "fill_diagonal"}
_FIRST = {"dst", "a", "arr", "x"}

# NumPy has fewer axes than twice as many.
_DEPTH = 32


# All that does more than read its audio and call NumPy's own code.
SPECIAL = _CALLING | _WRITERS | {"nan_to_num", "median", "percentile", "quantile"}
SPECIAL |= {"nanmedian", "nanpercentile", "nanquantile"}


class _Call:
    """The audio among the arguments of one call, and the arrays that stand for it."""

    __slots__ = ("arrays", "audio", "calls_back")

    def __init__(self, calls_back: bool) -> None:
        self.calls_back = calls_back
        self.audio: list[tuple[AudioSamples, bool]] = []
        self.arrays: list[Any] = []

    def stand_in(self, value: Any, writes: bool = False, depth: int = 0) -> Any:
        """The argument with arrays in place of audio, also inside lists and tuples."""
        kind = type(value)
        if kind is AudioSamples:
            # Read-only audio is NumPy's to refuse.
            array = _array(value, None, self.audio[0][0] if self.audio else None)
            self.audio.append((value, writes and value.writable))
            self.arrays.append(array)
            return array
        if kind is not list and kind is not tuple:
            self.calls_back |= callable(value) and not isinstance(value, type)
            self.calls_back |= isinstance(value, np.ndarray) and value.dtype.hasobject
            return value
        if depth == _DEPTH:
            raise ValueError(
                f"lists nested more than {_DEPTH} deep, or inside themselves, are no argument; "
                "give arrays, or lists of them"
            )
        return kind(self.stand_in(item, writes, depth + 1) for item in value)


# At which place a function takes its output, once that was looked up; None if only by name.
_PLACES: dict[Callable[..., Any], int | None] = {}


def _place_of_out(function: Callable[..., Any]) -> int | None:
    if function not in _PLACES:
        try:
            names = list(inspect.signature(function).parameters)
        except ValueError:  # written in C, without a signature
            names = ["a", "b", "out"]
        _PLACES[function] = names.index("out") if "out" in names else None
    return _PLACES[function]


def _writes(name: str, kwargs: dict[str, Any]) -> bool:
    """Whether a function writes to its first argument."""
    return (
        name in _WRITERS
        or (name == "nan_to_num" and not kwargs.get("copy", True))
        or bool(kwargs.get("overwrite_input", False))
    )


def array_function(
    function: Callable[..., Any],
    types: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """What NumPy calls for a function of its own that is given audio."""
    for kind in types:
        if kind is not AudioSamples and not issubclass(kind, np.ndarray):
            return NotImplemented
    name = function.__name__
    writes = _writes(name, kwargs)
    call = _Call(name in _CALLING)
    out = _place_of_out(function)
    arrays = [
        call.stand_in(arg, place == out or (writes and place == 0))
        for place, arg in enumerate(args)
    ]
    for key, value in kwargs.items():
        is_written = key == "out" or (writes and not args and key in _FIRST)
        kwargs[key] = call.stand_in(value, is_written)
    if call.calls_back:
        result = function(*arrays, **kwargs)
    else:
        with _lease(call.audio):
            result = function(*arrays, **kwargs)
    # `out=audio` gives the audio back, as `out=array` gives the array.
    for array, (audio, _) in zip(call.arrays, call.audio, strict=True):
        if array is result:
            return audio
    return result
