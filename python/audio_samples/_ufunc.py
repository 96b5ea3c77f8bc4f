"""NumPy's functions on audio, where the module has no shorter way: on arrays that share the memory.

NumPy computes under leases. What may call back into Python (ufuncs of `np.frompyfunc`, arrays of
objects) could wait for another thread that waits for the lease: NumPy computes it on copies, which
are taken and stored under leases; what another thread writes to the output meanwhile is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._audio_samples import (
    AudioSamples,
    _array,
    _copied,
    _give_back,
    _lease,
    _parts,
    _refuse_masked,
    _refuse_shape,
    _same_samples,
    _wrap,
)

Array = np.ndarray[Any, Any]

_PLAIN = {type(None), AudioSamples, float, int, bool, complex, type(...), slice}
_DEPTH = 32
_WHOLE = (np.floor_divide, np.remainder, np.divmod)


def calls_back(value: object, depth: int = 0) -> bool:
    """Whether computing with a value may run Python code: it is, or holds, more than numbers."""
    kind = type(value)
    if kind in _PLAIN:
        return False
    if isinstance(value, np.ndarray) and kind is np.ndarray:
        return bool(value.dtype.hasobject)
    if isinstance(value, list | tuple) and kind in (list, tuple) and depth < _DEPTH:
        return any(calls_back(item, depth + 1) for item in value)
    return not isinstance(value, np.generic)


def _is_of_python(ufunc: np.ufunc) -> bool:
    """Whether a ufunc computes by calling Python, as those of `np.frompyfunc` do."""
    return ufunc.ntypes <= 1 and all("O" in types for types in ufunc.types)


def _is_stranger(value: object) -> bool:
    """Whether a value has its own say in ufuncs: NumPy asks it first."""
    kind = type(value)
    if kind is np.ndarray or kind is AudioSamples:
        return False
    own = getattr(kind, "__array_ufunc__", np.ndarray.__array_ufunc__)
    return own is not np.ndarray.__array_ufunc__


class _Call:
    """The audio among the operands and outputs of one call, and the arrays that stand for it."""

    def __init__(self, on_copies: bool) -> None:
        self.on_copies = on_copies
        self.audio: list[tuple[AudioSamples, bool]] = []
        self.copies: list[tuple[AudioSamples, Array]] = []

    def stand_in(self, value: Any, writes: bool = False) -> Any:
        """The value, or an array for it if it is audio."""
        if type(value) is not AudioSamples:
            _refuse_masked(value)
            return value
        array = _array(value, writes, self.audio[0][0] if self.audio else None)
        self.audio.append((value, writes))
        if self.on_copies:
            array = copied(value)
            if writes:
                self.copies.append((value, array))
        return array

    def run(self, work: Callable[[], Any]) -> Any:
        """Computes: under leases, or on the copies, which are stored under leases then."""
        if not self.on_copies:
            with _lease(self.audio):
                return work()
        result = work()
        with _lease([(audio, True) for audio, _ in self.copies]):
            for audio, copy in self.copies:
                _array(audio, True, None)[...] = copy
        return result


def copied(audio: AudioSamples) -> Array:
    """The samples as an array of its own, complete as of one moment."""
    why = "code of Python's own runs on a copy, so that no lease is held meanwhile"
    return _array(_copied(audio, why), True, None)


def call(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carries out one call of a ufunc or of one of its methods."""
    outputs = kwargs.get("out", ())
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    if any(map(_is_stranger, inputs + outputs)):
        return NotImplemented
    if ufunc in _WHOLE and method == "__call__" and isinstance(inputs[0], np.ndarray | np.generic):
        # `array // audio` arrives here: what stands on the left changes nothing.
        _refuse_zeros(ufunc, inputs[1], inputs[1])
    call = _Call(_is_of_python(ufunc) or any(map(calls_back, inputs + outputs)))
    # `ufunc.at` changes its first operand.
    writes = method == "at"
    arrays = [call.stand_in(one, writes and at == 0) for at, one in enumerate(inputs)]
    options = dict(kwargs)
    if outputs:
        options["out"] = tuple(call.stand_in(out, out is not None) for out in outputs)
    if "where" in options:
        options["where"] = call.stand_in(options["where"])
    in_file = method == "__call__" and "where" not in options and len(outputs) == 1

    def work() -> Any:
        if in_file and not call.on_copies and _in_parts(ufunc, arrays, outputs[0], options):
            return options["out"][0]
        return getattr(ufunc, method)(*arrays, **options)

    result = call.run(work)
    beside = [audio for audio, _ in call.audio]
    if isinstance(result, tuple):
        given = outputs or (None,) * len(result)
        pairs = zip(result, given, strict=True)
        return tuple(_wrap(one, beside) if out is None else out for one, out in pairs)
    if method == "reduce" and not any(type(one) is AudioSamples for one in inputs):
        # `array.mean(out=audio)`: NumPy divides the sum where it lies, if that is an array.
        return result
    return outputs[0] if outputs and outputs[0] is not None else _wrap(result, beside)


def _in_parts(ufunc: np.ufunc, inputs: list[Any], file: object, options: dict[str, Any]) -> bool:
    """Computes into a mapped file larger than the memory, part by part, if no result differs."""
    if type(file) is not AudioSamples or (parts := _parts(file)) is None:
        return False
    [out] = options["out"]
    is_cut = []
    for value in inputs:
        if type(value) is not np.ndarray:
            if hasattr(value, "__len__"):
                return False
            is_cut.append(False)
            continue
        if np.may_share_memory(value, out) and not _same_samples(value, file):
            return False
        if value.shape[-1:] not in ((), (1,), out.shape[-1:]):
            return False
        is_cut.append(value.shape[-1:] == out.shape[-1:])
    for start, count in parts:
        key = ..., slice(start, start + count)
        some = [value[key] if cut else value for value, cut in zip(inputs, is_cut, strict=True)]
        ufunc(*some, **{**options, "out": (out[key],)})
        _give_back(file, start, count)
    return True


def modify(audio: AudioSamples, ufunc: np.ufunc, operand: Any) -> None:
    """`audio op= operand`: computed beside the samples and then stored, under one lease.

    What NumPy raises (a warning made an error included) leaves the samples alone. A large mapped
    file is computed where it lies, part by part: there is no room beside it.
    """
    if _parts(audio) is not None or _is_stranger(operand) or calls_back(operand):
        ufunc(audio, operand, out=audio)
        return
    call = _Call(False)
    array = call.stand_in(audio, True)
    operand = call.stand_in(operand)
    with _lease(call.audio):
        result = np.asanyarray(ufunc(array, operand))
        if not np.can_cast(result.dtype, array.dtype, "same_kind"):
            way_out = (
                "use the operator without '=', which gives new audio or an array, or float audio, "
                "as audio.convert('float32') gives it"
                if result.dtype.kind == "f"
                else f"compute on audio.to_numpy(), which gives an array of {result.dtype}"
            )
            raise TypeError(
                f"{ufunc.__name__} gives {result.dtype}, which {array.dtype} audio cannot hold in "
                f"place (casting='same_kind'); {way_out}"
            )
        if result.shape != array.shape:
            _refuse_shape(audio, result.shape)
        array[...] = result.astype(array.dtype)


def in_place(audio: AudioSamples, ufunc: np.ufunc, array: Any) -> None:
    """`audio op= array` for the four arithmetic operators and an array type that only NumPy has."""
    if ufunc is np.true_divide and (array == 0).any():
        raise _by_zero(ufunc)
    modify(audio, ufunc, array)


def _by_zero(ufunc: np.ufunc) -> ZeroDivisionError:
    name = "divide" if ufunc is np.true_divide else ufunc.__name__
    return ZeroDivisionError(
        f"division by zero; np.{name}(audio.to_numpy(), divisor) gives what NumPy gives"
    )


def _refuse_zeros(ufunc: np.ufunc, audio: AudioSamples, divisor: Any) -> None:
    """Integer audio has no number for what a division by zero gives."""
    if type(audio) is AudioSamples and audio.dtype.kind == "i" and has_zero(divisor):
        raise _by_zero(ufunc)


def _defers(other: Any) -> bool:
    """Whether an operand wants to be asked itself, as NumPy's arrays find out."""
    kind = type(other)
    if kind in _PLAIN or isinstance(other, np.ndarray | np.generic):
        return False
    if hasattr(kind, "__array_ufunc__"):
        return kind.__array_ufunc__ is None
    return bool(getattr(other, "__array_priority__", -1.0) > 0)


def has_zero(divisor: Any) -> bool:
    """Whether a divisor is zero anywhere."""
    if type(divisor) is AudioSamples:
        return not beside(divisor, None, lambda own, _: own.all())
    if _is_stranger(divisor):
        return False
    _refuse_masked(divisor)
    array = np.asarray(divisor)
    return array.dtype.kind in "biuf" and not array.all()


def compute(ufunc: np.ufunc, left: Any, right: Any, out: AudioSamples | None = None) -> Any:
    """A ufunc of two operands, one of them audio; the result goes into `out` if it is given."""
    other = right if type(left) is AudioSamples else left
    if _defers(other):
        return NotImplemented
    if ufunc in _WHOLE:
        _refuse_zeros(ufunc, left if type(left) is AudioSamples else right, right)
    if out is None:
        # Called as NumPy calls it, so that strangers among the operands have their say.
        return ufunc(left, right)
    modify(out, ufunc, right)
    return out


def beside(audio: AudioSamples, other: Any, work: Callable[[Any, Any], Any]) -> Any:
    """Computes with the audio's array and another object: under leases if both are numbers."""
    if calls_back(other):
        return work(copied(audio), other)
    call = _Call(False)
    own, other = call.stand_in(audio), call.stand_in(other)
    with _lease(call.audio):
        return work(own, other)
