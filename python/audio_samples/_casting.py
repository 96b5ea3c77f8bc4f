"""Numbers of any type as samples: the same numbers, or an error that names the first misfit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def converted(array: NDArray[Any], name: str) -> NDArray[Any]:
    """The numbers of `array` in a new array of the sample type `name`, unscaled.

    Integers hold whole numbers within their range. Floats round, and hold what stays finite.
    """
    dtype = np.dtype(name)
    if dtype.kind == "i":
        wrong = _outside(array, dtype)
        reason = f"{name} holds whole numbers from {np.iinfo(dtype).min} to {np.iinfo(dtype).max}"
        if array.dtype.kind == "f":
            reason += f"; for audio between -1.0 and 1.0 leave dtype out and .convert('{name}')"
        _refuse(array, wrong, reason)
        return array.astype(dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        own = array.astype(dtype)
    reason = f"{name} holds numbers up to {np.finfo(dtype).max}"
    _refuse(array, np.isinf(own) & np.isfinite(array), reason)
    return own


def _outside(array: NDArray[Any], dtype: np.dtype[Any]) -> Any:
    if array.dtype == np.float16:
        array = array.astype(np.float32)  # where both limits are numbers
    limits = np.iinfo(dtype)
    # One past the largest is a float, which the largest may not be. No comparison is true of nan.
    inside = (array >= limits.min) & (array < limits.max + 1)
    if array.dtype.kind == "f":
        inside &= array == np.trunc(array)
    return ~inside


def _refuse(array: NDArray[Any], wrong: Any, reason: str) -> None:
    if not wrong.any():
        return
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    where = f"({place[0]},)" if len(place) == 1 else str(place)
    raise ValueError(f"the value {array[place]} at index {where} does not fit: {reason}")
