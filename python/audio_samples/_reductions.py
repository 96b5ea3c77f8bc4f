"""NumPy's reductions as methods, with NumPy's results: `np.abs(audio).max()`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._audio_samples import AudioSamples, _array, _wrap
from ._class import install


def _max(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
    return np.max(self, axis, out, **options)


def _min(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
    return np.min(self, axis, out, **options)


def _sum(
    self: AudioSamples, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any
) -> Any:
    return np.sum(self, axis, dtype, out, **options)


def _mean(
    self: AudioSamples, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any
) -> Any:
    return np.mean(self, axis, dtype, out, **options)


def _std(
    self: AudioSamples,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    **options: Any,
) -> Any:
    return np.std(self, axis, dtype, out, ddof, **options)


def _var(
    self: AudioSamples,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    **options: Any,
) -> Any:
    return np.var(self, axis, dtype, out, ddof, **options)


def _argmax(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
    return np.argmax(self, axis, out, **options)


def _argmin(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
    return np.argmin(self, axis, out, **options)


def _any(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
    return np.any(self, axis, out, **options)


def _all(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
    return np.all(self, axis, out, **options)


def _clip(self: AudioSamples, min: Any = None, max: Any = None, out: Any = None) -> Any:
    return _wrap(np.clip(self, min, max, out=out), [self])


def _round(self: AudioSamples, decimals: int = 0, out: Any = None) -> Any:
    return _wrap(np.round(self, decimals, out), [self])


def _tolist(self: AudioSamples) -> Any:
    return np.array(self).tolist()


def _ravel(self: AudioSamples, order: Any = "C") -> Any:
    return np.ravel(self, order)


def _transposed(self: AudioSamples) -> Any:
    return _array(self, None, None).T


# What each method says of itself; the results are those of NumPy's function of that name.
_DOCS = {
    "max": "The largest sample, or one along `axis`.",
    "min": "The smallest sample, or one along `axis`.",
    "sum": "The sum of the samples, or sums along `axis`.",
    "mean": "The mean of the samples, or means along `axis`.",
    "std": "The standard deviation of the samples, or one along `axis`.",
    "var": "The variance of the samples, or one along `axis`.",
    "argmax": "The index of the largest sample in the flattened audio, or along `axis`.",
    "argmin": "The index of the smallest sample in the flattened audio, or along `axis`.",
    "any": "Whether one of the samples is not zero.",
    "all": "Whether none of the samples is zero.",
    "clip": "New audio with the samples between `min` and `max`; `out=audio` stores them there.",
    "round": "New audio with the samples rounded to `decimals`, halves to even.",
    "tolist": "The samples as Python numbers, in a list or one for each channel.",
    "ravel": "The samples as an array of one axis: on the same memory if they lie in that order.",
}
for _name, _doc in _DOCS.items():
    _method = globals()[f"_{_name}"]
    _method.__doc__ = f"{_doc}\n\nAs NumPy's function of that name."
    install(_name, _method)
_T = property(_transposed, doc="The transposed array, on the same memory.")
AudioSamples.T = _T  # type: ignore[method-assign, assignment]
