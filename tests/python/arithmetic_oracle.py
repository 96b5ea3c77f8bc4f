"""What must happen when audio meets an operand, worked out by NumPy on plain copies.

The oracle never looks at the audio object: it takes the samples as an array and the operand as the
caller holds it. Where several rules forbid an operation any of their errors will do, because no
rule says which of two faults is found first.
"""

import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from signals import RATE

from audio_samples import AudioSamples, SampleRateError

SAMPLE_TYPES = tuple(np.dtype(name) for name in ("int16", "int32", "float32", "float64"))
NUMERIC_TYPES = tuple(np.dtype(code) for code in "?bBhHiIlLqQefdgFDG")
FORWARD = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
IN_PLACE = {"+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv}
FORMS = ("forward", "reflected", "in place")
# From the particular to the general: a rate error is a value error too.
ERROR_CLASSES = (SampleRateError, ZeroDivisionError, OverflowError, TypeError, ValueError)


@dataclass
class Outcome:
    """Either a value or a set of errors, any of which is right."""

    value: np.ndarray | None = None
    errors: set[type] = field(default_factory=set)
    may_raise: set[type] = field(default_factory=set)
    is_audio: bool = True


def error_class(error: BaseException) -> type:
    """The most particular class of the rules that an error belongs to."""
    return next((cls for cls in ERROR_CLASSES if isinstance(error, cls)), type(error))


def is_python_scalar(operand: Any) -> bool:
    return isinstance(operand, (bool, int, float, complex)) and not isinstance(operand, np.generic)


def apply(symbol: str, form: str, samples: np.ndarray, operand: Any) -> np.ndarray:
    """The same expression on plain NumPy; in place it works on a copy and returns that."""
    with np.errstate(all="ignore"):
        if form == "in place":
            target = samples.copy()
            IN_PLACE[symbol](target, operand)
            return target
        if form == "reflected":
            return FORWARD[symbol](operand, samples)
        return FORWARD[symbol](samples, operand)


def expected(
    symbol: str, form: str, samples: np.ndarray, operand: Any, *, rate: int = RATE
) -> Outcome:
    """The outcome of an operator between audio with these samples and the operand."""
    outcome = Outcome()
    # The sum of an array and audio reaches the audio as a ufunc call, so the rules that only
    # operators have (result type, own shape) cannot apply to it.
    as_ufunc = form == "reflected" and isinstance(operand, (np.ndarray, np.generic))
    operand_rate = operand.sample_rate if isinstance(operand, AudioSamples) else None
    plain = operand.to_numpy(copy=True) if operand_rate is not None else operand

    if operand_rate is not None and operand_rate != rate:
        outcome.errors.add(SampleRateError)
    if symbol == "/":
        _zero_divisors(outcome, form, samples, plain)
    result_type = _result_type(outcome, symbol, form, samples, plain)
    if result_type is not None and result_type not in SAMPLE_TYPES and not as_ufunc:
        outcome.errors.add(TypeError)
    shape = _result_shape(
        outcome, form, samples.shape, plain, as_ufunc=as_ufunc, operand_rate=operand_rate
    )
    if outcome.errors:
        return outcome

    if shape == samples.shape and np.size(plain) == 1 and np.ndim(plain) > samples.ndim:
        plain = np.reshape(plain, ())
    outcome.value = apply(symbol, form, samples, plain)
    outcome.is_audio = not as_ufunc or (
        outcome.value.shape == samples.shape and outcome.value.dtype in SAMPLE_TYPES
    )
    return outcome


def _zero_divisors(outcome: Outcome, form: str, samples: np.ndarray, plain: Any) -> None:
    divisor = samples if form == "reflected" else plain
    if np.any(np.equal(divisor, 0)):
        outcome.errors.add(ZeroDivisionError)
    elif form != "reflected" and type(plain) is float and samples.dtype == np.float32:
        with np.errstate(all="ignore"):
            if np.float32(plain) == 0:  # no zero as written, a zero as computed: both are right
                outcome.may_raise.add(ZeroDivisionError)


def _result_type(
    outcome: Outcome, symbol: str, form: str, samples: np.ndarray, plain: Any
) -> np.dtype | None:
    # Without elements only types can be at fault, whatever the shapes.
    bare = plain if is_python_scalar(plain) else np.empty(0, np.asarray(plain).dtype)
    try:
        return apply(symbol, form, np.empty(0, samples.dtype), bare).dtype
    except (TypeError, OverflowError) as error:
        outcome.errors.add(error_class(error))
        return None


def _result_shape(
    outcome: Outcome,
    form: str,
    own: tuple[int, ...],
    plain: Any,
    *,
    as_ufunc: bool,
    operand_rate: int | None,
) -> tuple[int, ...] | None:
    other = np.shape(plain)
    try:
        shape = np.broadcast_shapes(own, other)
    except ValueError:
        outcome.errors.add(ValueError)
        return None
    if as_ufunc:
        return shape
    if shape == own:
        if other != own and len(other) == 2 and other[0] == 1 and own[0] > 1 and other[1] != 1:
            outcome.may_raise.add(ValueError)  # one row for all channels: no rule names it
        return own
    if operand_rate is not None and form == "forward":
        if len(own) == 1 and len(other) == 2 and shape == other:
            if own == (1,) != other[1:]:
                outcome.may_raise.add(ValueError)  # one sample against many: no rule names it
            return shape  # mono on the left of multi-channel audio
        elif len(own) == len(other) == 2 and shape == other:
            outcome.may_raise.add(ValueError)
            return shape
    if len(other) > len(own) and np.size(plain) == 1:
        outcome.may_raise.add(ValueError)  # one element with spare axes: no rule names it
        return own
    outcome.errors.add(ValueError)
    return None


def same_bits(actual: np.ndarray, wanted: np.ndarray) -> bool:
    """Equal types, shapes and bytes, where one NaN is as good as another."""
    if actual.dtype != wanted.dtype or actual.shape != wanted.shape:
        return False
    actual, wanted = np.ascontiguousarray(actual), np.ascontiguousarray(wanted)
    if actual.dtype.kind not in "fc":
        return actual.tobytes() == wanted.tobytes()
    if actual.dtype.char in "gFDG":  # padding bytes and halves: values and signs instead
        return np.array_equal(actual, wanted, equal_nan=True)
    missing = np.isnan(wanted)
    if not np.array_equal(np.isnan(actual), missing):
        return False
    bits = f"u{actual.dtype.itemsize}"
    return np.array_equal(actual.view(bits)[~missing], wanted.view(bits)[~missing])


def assert_same_bits(actual: Any, wanted: np.ndarray) -> None:
    actual = np.asarray(actual)
    if not same_bits(actual, wanted):
        raise AssertionError(
            f"{actual.dtype} {actual.shape} {actual!r}\n"
            f"is not NumPy's {wanted.dtype} {wanted.shape} {wanted!r}"
        )


def assert_operator(
    symbol: str, form: str, audio: AudioSamples, operand: Any, outcome: Outcome
) -> bool:
    """Carry the operator out on audio, compare it with the outcome, say whether it has a value."""
    rate, address = audio.sample_rate, audio.to_numpy().__array_interface__["data"][0]
    before = audio.to_numpy(copy=True)
    call = IN_PLACE[symbol] if form == "in place" else FORWARD[symbol]
    first, second = (operand, audio) if form == "reflected" else (audio, operand)
    try:
        with np.errstate(all="ignore"):
            got = call(first, second)
    except Exception as error:
        found = error_class(error)
        allowed = outcome.errors | outcome.may_raise
        if found not in allowed:
            raise AssertionError(f"{error!r} where {allowed or 'a result'} is right") from error
        assert_same_bits(audio, before)
        return False
    assert not outcome.errors, f"{got!r} where one of {outcome.errors} is right"
    assert isinstance(got, AudioSamples) == outcome.is_audio, type(got)
    assert_same_bits(got, outcome.value)
    if form == "in place":
        assert got is audio
        assert audio.to_numpy().__array_interface__["data"][0] == address
    else:
        assert not np.shares_memory(np.asarray(got), np.asarray(audio))
        assert_same_bits(audio, before)
    if outcome.is_audio:
        assert got.sample_rate == rate
    return True
