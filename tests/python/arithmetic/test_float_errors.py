"""`np.errstate` and RuntimeWarnings: what floats cannot hold, answered as by NumPy (N11)."""

import operator
import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import audio_samples as aus
from audio_samples import AudioSamples

RATE = 48_000
FLOATS = ["float32", "float64"]
TYPES = ["int16", "int32", *FLOATS]
OPERATORS = {
    "+": (operator.add, np.add),
    "-": (operator.sub, np.subtract),
    "*": (operator.mul, np.multiply),
    "/": (operator.truediv, np.divide),
}

finfo = {name: np.finfo(name) for name in FLOATS}
SPECIAL = {
    "float32": [0.5, -2.0, 1e-20, 1e20, 3e38, -3e38, 1e-38, 1e-45, np.inf, -np.inf, np.nan],
    "float64": [0.5, -2.0, 1e-200, 1e200, 1.7e308, -1.7e308, 1e40, 1e-40, 5e-324, np.inf, np.nan],
    "int16": [1, -3, 32767, -32768],
    "int32": [1, -3, 2**31 - 1, -(2**31)],
}


def said(work, **modes):
    """The result, or the exception, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(**{"all": "warn", **modes}):
        warnings.simplefilter("always")
        try:
            result = work()
        except (FloatingPointError, OverflowError, TypeError, ValueError) as error:
            result = type(error).__name__
    return result, sorted(str(warning.message) for warning in caught)


def pairs(dtype):
    return st.lists(st.sampled_from(SPECIAL[dtype]), min_size=1, max_size=40).map(
        lambda values: np.array(values, dtype)
    )


@st.composite
def operations(draw):
    left = draw(pairs(draw(st.sampled_from(TYPES))))
    dtype = draw(st.sampled_from(TYPES))
    kind = draw(st.sampled_from(["array", "scalar", "float"]))
    if kind == "array":
        right = np.resize(draw(pairs(dtype)), left.shape)
    elif kind == "scalar":
        right = np.dtype(dtype).type(draw(st.sampled_from(SPECIAL[dtype])))
    else:
        right = float(draw(st.sampled_from(SPECIAL["float64"])))
    return left, right, draw(st.sampled_from(list(OPERATORS)))


def same(ours, theirs):
    if isinstance(theirs, str):
        assert ours == theirs
    else:
        np.testing.assert_array_equal(np.asarray(ours), theirs)


def loses_zeros(sign, *divisors):
    """Whether the operation divides by a zero, which operators refuse."""
    with np.errstate(all="ignore"):
        zeros = [np.any(np.asarray(d) == 0) or np.any(np.float32(d) == 0) for d in divisors]
    return sign == "/" and any(zeros)


@given(operations())
@example((np.int16([-3]), 1.7e308, "*"))
@example((np.float32([-3]), 1.7e308, "*"))
@example((np.float32([1, 2]), 1e-40, "+"))
def test_operators_warn_as_numpys_do(operation):
    left, right, sign = operation
    if loses_zeros(sign, left, right):
        return
    use, ufunc = OPERATORS[sign]
    audio = AudioSamples.new_mono(left, RATE)
    for ways in (
        (lambda: use(audio, right), lambda: use(left, right)),
        (lambda: use(right, audio), lambda: use(right, left)),
        (lambda: ufunc(audio, right), lambda: ufunc(left, right)),
    ):
        (ours, warned), (theirs, expected) = map(said, ways)
        if isinstance(theirs, np.ndarray) and theirs.dtype.name not in TYPES:
            continue
        assert warned == expected
        same(ours, theirs)


@given(operations())
def test_operators_in_place_warn_as_numpys_do(operation):
    left, right, sign = operation
    if loses_zeros(sign, right) or not np.can_cast(
        np.result_type(left, right), left.dtype, "same_kind"
    ):
        return
    if sign == "/" and left.dtype.kind == "i":
        return
    _, ufunc = OPERATORS[sign]
    array, audio, out = left.copy(), AudioSamples.new_mono(left, RATE), left.copy()
    named = {"+": "iadd", "-": "isub", "*": "imul", "/": "itruediv"}[sign]
    ours, warned = said(lambda: getattr(operator, named)(audio, right))
    theirs, expected = said(lambda: getattr(operator, named)(array, right))
    assert warned == expected
    same(ours, theirs)
    into = AudioSamples.new_mono(out, RATE)
    ours, warned = said(lambda: ufunc(AudioSamples.new_mono(left, RATE), right, out=into))
    theirs, expected = said(lambda: ufunc(left, right, out=out))
    assert warned == expected
    same(ours, theirs)


@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES))
def test_casts_and_stores_warn_as_numpys_do(data, source, target):
    values = data.draw(pairs(source))
    audio = AudioSamples.new_mono(values, RATE)
    ours, warned = said(lambda: audio.astype(target))
    theirs, expected = said(lambda: values.astype(target))
    assert warned == expected
    same(ours, theirs)
    stored, array = (
        AudioSamples.zeros(len(values), RATE, dtype=target),
        np.zeros(len(values), target),
    )
    for value in (values, values[0]):
        _, warned = said(lambda: operator.setitem(stored, ..., value))  # noqa: B023
        _, expected = said(lambda: operator.setitem(array, ..., value))  # noqa: B023
        assert warned == expected
        same(stored, array)
    mask = np.arange(len(values)) % 2 == 0
    _, warned = said(lambda: operator.setitem(stored, mask, values[0]))
    _, expected = said(lambda: operator.setitem(array, mask, values[0]))
    assert warned == expected
    same(stored, array)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("threads", [1, 2])
def test_one_sample_of_many_is_enough_whichever_thread_meets_it(dtype, threads):
    before = aus.num_threads()
    aus.set_num_threads(threads)
    try:
        for place in (0, 1_234_567, 2_999_999):
            audio = AudioSamples.zeros(3_000_000, RATE, dtype=dtype)
            audio += 1
            assert said(lambda: audio * 2)[1] == []  # noqa: B023
            audio[place] = finfo[dtype].max
            assert said(lambda: audio * 2)[1] == ["overflow encountered in multiply"]  # noqa: B023
            assert said(lambda: operator.imul(audio, 2))[1] == ["overflow encountered in multiply"]  # noqa: B023
            assert said(lambda: audio - audio)[1] == ["invalid value encountered in subtract"]  # noqa: B023
    finally:
        aus.set_num_threads(before)


def test_an_error_comes_after_the_write_as_numpys_does():
    audio = AudioSamples.new_mono(np.float32([1, 3e38, 2]), RATE)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match=r"overflow.*multiply"):
        audio *= 2
    np.testing.assert_array_equal(audio, np.float32([2, np.inf, 4]))


def test_a_callback_is_called_and_silence_is_kept():
    audio = AudioSamples.new_mono(np.float32([3e38]), RATE)
    calls = []
    with np.errstate(over="call", call=lambda kind, _: calls.append(kind)):
        audio * 2
    assert calls == ["overflow"]
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        audio * 2
        assert np.isinf(audio.astype("float32") * 2)[0]


def test_the_warning_points_to_the_callers_line():
    audio = AudioSamples.new_mono(np.float32([3e38]), RATE)
    with pytest.warns(RuntimeWarning, match="overflow") as caught:
        audio * 2
    assert [warning.filename for warning in caught] == [__file__]


def test_what_other_code_raised_before_is_not_ours():
    with np.errstate(all="ignore"):
        np.full(1000, 1e308) * np.full(1000, 1e308)
    audio = AudioSamples.new_mono(np.float32([1, 2]), RATE)
    assert said(lambda: audio * 2)[1] == []


def test_numbers_that_are_not_there_say_nothing():
    """Convert turns nan into 0 and saturates by its own rules; negation and abs lose nothing."""
    audio = AudioSamples.new_mono(np.array([np.nan, np.inf, 1e300, -1.0]), RATE)
    for work in (lambda: audio.convert("int16"), lambda: -audio, lambda: abs(audio), audio.copy):
        assert said(work)[1] == []
