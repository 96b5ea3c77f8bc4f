"""Methods of NumPy's arrays that audio has too, with their results: `np.abs(audio).max()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._audio_samples import AudioSamples, _array, _wrap
from ._class import install

Function = Callable[..., Any]


def _choosing(function: Function) -> Function:
    def method(self: AudioSamples, axis: Any = None, out: Any = None, **options: Any) -> Any:
        return function(self, axis=axis, out=out, **options)

    return method


def _summing(function: Function) -> Function:
    def method(
        self: AudioSamples, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any
    ) -> Any:
        return function(self, axis=axis, dtype=dtype, out=out, **options)

    return method


def _spreading(function: Function) -> Function:
    def method(
        self: AudioSamples,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        **options: Any,
    ) -> Any:
        return function(self, axis=axis, dtype=dtype, out=out, ddof=ddof, **options)

    return method


def _clip(self: AudioSamples, min: Any = None, max: Any = None, out: Any = None) -> Any:
    return _wrap(np.clip(self, min, max, out=out), [self])


def _clip_inplace(self: AudioSamples, min: Any = None, max: Any = None) -> Any:
    return _clip(self, min, max, out=self)


def _round(self: AudioSamples, decimals: int = 0, out: Any = None) -> Any:
    return _wrap(np.round(self, decimals, out=out), [self])


def _tolist(self: AudioSamples) -> Any:
    return np.array(self).tolist()


def _ravel(self: AudioSamples, order: Any = "C") -> Any:
    return np.ravel(self, order)


def _transposed(self: AudioSamples) -> Any:
    return _array(self, None, None).T


def _of_array(name: str) -> Function:
    function = getattr(np.ndarray, name)

    def method(self: AudioSamples, *args: Any, **options: Any) -> Any:
        return function(_array(self, None, None), *args, **options)

    return method


def _flatten(self: AudioSamples, order: Any = "C") -> Any:
    return np.array(self).ravel(order)


def _cumsum(self: AudioSamples, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return _wrap(np.cumsum(self, axis, dtype, out=out), [self])


_METHODS: dict[str, tuple[Function, str]] = {
    "max": (_choosing(np.max), "The largest sample, or one along `axis`."),
    "min": (_choosing(np.min), "The smallest sample, or one along `axis`."),
    "sum": (_summing(np.sum), "The sum of the samples, or sums along `axis`."),
    "mean": (_summing(np.mean), "The mean of the samples, or means along `axis`."),
    "std": (_spreading(np.std), "The standard deviation of the samples, or one along `axis`."),
    "var": (_spreading(np.var), "The variance of the samples, or one along `axis`."),
    "argmax": (_choosing(np.argmax), "The index of the largest sample, or one along `axis`."),
    "argmin": (_choosing(np.argmin), "The index of the smallest sample, or one along `axis`."),
    "prod": (_summing(np.prod), "The product of the samples, or products along `axis`."),
    "cumsum": (_cumsum, "Sums of all samples up to each, along `axis`."),
    "any": (_choosing(np.any), "Whether one of the samples is not zero."),
    "all": (_choosing(np.all), "Whether none of the samples is zero."),
    "clip": (_clip, "New audio of samples between `min` and `max`; `out=audio` stores them there."),
    "clip_inplace": (_clip_inplace, "`clip`, where the samples lie. Gives the same object."),
    "round": (_round, "New audio of samples rounded to `decimals`, halves to even."),
    "tolist": (_tolist, "The samples as Python numbers, in a list or one for each channel."),
    "ravel": (_ravel, "The samples on one axis, on the same memory if they lie in that order."),
    "reshape": (
        _of_array("reshape"),
        "An array of another shape, on the same memory if it can be.",
    ),
    "transpose": (_of_array("transpose"), "The array with its axes exchanged, on the same memory."),
    "swapaxes": (_of_array("swapaxes"), "The array with two axes exchanged, on the same memory."),
    "squeeze": (_of_array("squeeze"), "The array without axes of length 1, on the same memory."),
    "flatten": (_flatten, "A copy of the samples on one axis."),
    "item": (_of_array("item"), "One sample as a Python number."),
}
for _name, (_method, _doc) in _METHODS.items():
    _method.__doc__ = f"{_doc}\n\nAs NumPy's function of that name."
    install(_name, _method)
_T = property(_transposed, doc="The transposed array, on the same memory.")
AudioSamples.T = _T  # type: ignore[method-assign, assignment]
