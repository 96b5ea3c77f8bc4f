"""Operands: which are refused, which answer themselves, where they lie, what errors advise."""

import decimal
import fractions
import re
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import FORWARD, IN_PLACE, SAMPLE_TYPES, assert_same_bits
from signals import RATE, make_audio, mono

from audio_samples import AudioSamples, SampleRateError


@pytest.mark.parametrize(
    "operand",
    ["2", b"2", [1.0, 2.0, 3.0], (1.0, 2.0, 3.0), None, object(), {}, {1, 2, 3}, range(3), slice(3),
     ..., NotImplemented, bytearray(24), memoryview(bytes(24)), decimal.Decimal(2),
     fractions.Fraction(1, 2), np.array(["a", "b", "c"]), np.str_("a"),
     np.array([b"a", b"b", b"c"]), np.array([1, 2, 3], "datetime64[s]"), np.timedelta64(3, "s"),
     np.array([1, None, 3], object), np.zeros(3, [("left", "f4"), ("right", "f4")]), float],
    ids=lambda operand: f"{type(operand).__name__}",
)  # fmt: skip
@pytest.mark.parametrize("symbol", FORWARD)
@pytest.mark.filterwarnings("ignore:NotImplemented")
def test_nothing_is_guessed(symbol: str, operand: Any) -> None:
    for dtype in ("float64", "int16"):
        audio = mono([1, 2, 3], dtype)
        for form in (FORWARD, IN_PLACE):
            with pytest.raises(TypeError):
                form[symbol](audio, operand)
        if not isinstance(operand, (np.ndarray, np.generic)):
            with pytest.raises(TypeError):
                FORWARD[symbol](operand, audio)
        assert_same_bits(audio, np.array([1, 2, 3], dtype))


def test_masked_arrays_keep_their_mask_or_are_refused() -> None:
    masked = np.ma.MaskedArray([1.0, 2.0, 3.0], mask=[False, True, False])
    try:
        got = mono([1, 2, 3]) * masked
    except TypeError:
        return
    assert isinstance(got, np.ma.MaskedArray)
    assert got.mask.tolist() == [False, True, False]


@pytest.mark.parametrize("symbol", FORWARD)
def test_an_object_that_knows_audio_has_the_answer(symbol: str) -> None:
    class Bus:
        def __radd__(self, other: Any) -> str:
            return "answered"

        __rsub__ = __rmul__ = __rtruediv__ = __radd__

    assert FORWARD[symbol](mono([1, 2]), Bus()) == "answered"


# ---- where they lie


def waves(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Samples that are never zero."""
    rng = np.random.default_rng(7)
    return (rng.integers(1, 100, shape) * rng.choice([-1, 1], shape)).astype(dtype)


@pytest.mark.parametrize("layout", ["channels_first", "frames_first"])
@pytest.mark.parametrize("frames", [1, 2, 300, 100_000])
def test_results_keep_the_order_of_memory(layout: str, frames: int) -> None:
    """What is interleaved stays so, as in NumPy."""
    samples = waves((2, frames), np.float32)
    if layout == "frames_first":
        samples = samples.T.copy().T
        audio = AudioSamples.new_multi(samples.T, RATE, layout=layout, copy=False)
    else:
        audio = AudioSamples.new_multi(samples, RATE, copy=False)
    assert audio.strides == samples.strides
    for work in (
        lambda x: x * 0.5,
        lambda x: 1 / x,
        lambda x: x + x[:, ::-1],
        lambda x: x / np.float32(3) - x,
        lambda x: x * np.ones(frames, np.float32),
        lambda x: -x,
        abs,
        lambda x: x.astype(np.float64),
    ):
        assert_same_bits(work(audio), work(samples))
        assert work(audio).strides == work(samples).strides or frames == 1
    assert audio.convert(np.int16).strides == samples.astype(np.int16).strides or frames == 1
    assert audio.copy().strides == (4 * frames, 4)


@pytest.mark.parametrize("dtype", SAMPLE_TYPES)
@pytest.mark.parametrize("start", range(9))
def test_memory_that_starts_anywhere(dtype: Any, start: int) -> None:
    """Large enough that loops look for a better place to begin, small enough for one pass."""
    memory = waves((4200,), dtype)
    for operand in (memory[5:-5][: 4200 - 20], dtype.type(3)):
        own = memory.copy()[start : start + 4180]
        audio = AudioSamples.new_mono(own.copy()[:], RATE)
        shared = AudioSamples.new_mono(own, RATE, copy=False)
        assert_same_bits(shared * operand, own.copy() * operand)
        wanted = own.copy()
        wanted += operand
        shared += operand
        assert_same_bits(shared, wanted)
        audio += operand
        assert_same_bits(audio, wanted)


@pytest.mark.parametrize("shape", [(0,), (1, 0), (2, 0)])
@pytest.mark.parametrize("dtype", SAMPLE_TYPES)
def test_a_zero_divisor_is_refused_where_there_is_nothing_to_divide(shape: Any, dtype: Any) -> None:
    audio = AudioSamples.zeros(shape, RATE, dtype=dtype)
    for zero in (0, 0.0, np.zeros(1), np.zeros(1, np.int16), AudioSamples.zeros(1, RATE)):
        with pytest.raises(ZeroDivisionError):
            audio / zero
        if np.issubdtype(dtype, np.floating):
            with pytest.raises(ZeroDivisionError):
                audio /= zero
    assert (audio / np.zeros(0)).shape == shape
    assert (np.zeros(1) / audio).shape == shape


def test_a_divisor_that_does_not_fit_is_not_looked_through_first() -> None:
    audio = AudioSamples.new_mono(np.ones(4), RATE)
    for frames in (5, 1 << 40):
        with pytest.raises(ValueError, match="takes no operand of shape"):
            audio /= np.broadcast_to(np.float64(1), (frames,))


# ---- what the errors advise


def test_the_way_out_of_integers_times_a_fraction():
    audio = AudioSamples.new_mono(np.array([1000, -2000], np.int16), 48_000)
    with pytest.raises(TypeError, match=r"audio \* x gives new float64.*\.convert\('float32'\)"):
        audio *= 0.5
    assert (audio * 0.5).to_numpy().tolist() == [500, -1000]
    scaled = audio.convert("float32")
    scaled *= 0.5
    assert scaled.convert("int16").to_numpy().tolist() == [500, -1000]
    with pytest.raises(TypeError, match=r"audio\.convert\('float32'\)"):
        audio **= np.float64(2)


def test_the_way_out_of_two_rates():
    audio = AudioSamples.zeros(44_100, 44_100)
    other = AudioSamples.zeros(48_000, 48_000)
    with pytest.raises(SampleRateError, match=r"other\.resample\(44100\)"):
        audio += other
    audio += other.resample(44_100)


def test_the_zero_of_a_divisor_is_named_by_its_place():
    stereo = AudioSamples.new_multi(np.ones((2, 5)), 48_000)
    for zero in (0, 0.0, np.float64(0), np.int16(0), np.array(0.0)):
        with pytest.raises(ZeroDivisionError, match=r"^division by zero"):
            stereo / zero
        with pytest.raises(ZeroDivisionError, match=r"^division by zero"):
            stereo /= zero
    for divisor, place in (
        (np.array([1.0, 2, 0, 3, 4]), r"\(2,\)"),
        (np.array([[1.0], [0.0]]), r"\(1, 0\)"),
        (np.array([[1.0, 1, 1, 0, 1]]), r"\(0, 3\)"),
        (np.arange(10.0)[::-1].reshape(2, 5), r"\(1, 4\)"),
    ):
        with pytest.raises(ZeroDivisionError, match=f"zero at index {place}"):
            stereo / divisor
        with pytest.raises(ZeroDivisionError, match=f"zero at index {place}"):
            stereo /= divisor


@pytest.mark.parametrize(
    ("shape", "operand", "advice"),
    [
        ((5,), (2, 5), r"pick one channel of it with operand\[0\].*\(5,\), \(1,\) or a single"),
        ((5,), (4,), r"use \(5,\), \(1,\) or a single number"),
        ((2, 5), (5, 2), r"\.T, or use \(5,\).*\(2, 1\)"),
        ((2, 5), (2,), r"use \(5,\) for all channels alike, \(2, 1\) for one number a channel"),
    ],
)
def test_the_way_out_of_shapes_that_do_not_fit(shape, operand, advice):
    audio = make_audio(np.ones(shape))
    with pytest.raises(ValueError, match=advice):
        audio += np.ones(operand)


def test_the_way_out_of_an_operand_that_lies_the_other_way_around():
    audio = AudioSamples.new_multi(np.ones((2, 5)), 48_000)
    turned = np.arange(10.0).reshape(5, 2)
    for operand in (turned, AudioSamples.new_multi(turned, 48_000)):
        with pytest.raises(ValueError, match=r"turn it around with (.*\.T), or") as told:
            audio + operand
        advice = re.search(r"turn it around with (.*\.T), or", str(told.value))[1]
        way_out = eval(advice, {"np": np, "operand": operand})
        assert (audio + way_out).to_numpy().tolist() == (turned.T + 1).tolist()


def test_the_way_out_of_complex_numbers_in_place():
    for dtype in (np.float32, np.int16):
        audio = AudioSamples.new_mono(np.ones(3, dtype), 48_000)
        with pytest.raises(TypeError, match=r"compute on audio\.to_numpy\(\)") as told:
            audio *= np.full(3, 2j)
        assert "convert" not in str(told.value)
        assert (audio.to_numpy() * np.full(3, 2j)).tolist() == [2j] * 3
