"""What integers do beyond their range: `integer_overflow` says so for the current context."""

import asyncio
import contextvars
import operator
import threading
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import FORWARD, IN_PLACE, assert_same_bits
from elsewhere import at_once
from hypothesis import given
from hypothesis import strategies as st
from signals import RATE, make_audio

from audio_samples import AudioSamples, integer_overflow

LIMITS = {name: np.iinfo(name) for name in ("int16", "int32")}
# Odd lengths, so that both the vector body and its tail are reached.
FRAMES = [1, 7, 64, 1003, 70_001]


def loud(dtype: str, sign: int = 1) -> AudioSamples:
    return AudioSamples.new_mono(np.full(9, sign * (LIMITS[dtype].max - 7), dtype), RATE)


def mode_now() -> str:
    """The mode that operators obey here and now."""
    try:
        top = (loud("int16") + 100).to_numpy()[0]
    except OverflowError:
        return "raise"
    return "saturate" if top == LIMITS["int16"].max else "wrap"


def exact(symbol: str, left: Any, right: Any) -> np.ndarray:
    """The result without limits, in Python's integers."""
    return FORWARD[symbol](np.asarray(left).astype(object), np.asarray(right).astype(object))


def clipped(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    limits = np.iinfo(dtype)
    return np.clip(values, limits.min, limits.max).astype(dtype)


@st.composite
def integer_pairs(draw: st.DrawFn) -> tuple[np.ndarray, Any]:
    own = draw(st.sampled_from(["int16", "int32"]))
    shape = (*draw(st.sampled_from([(), (2,)])), draw(st.sampled_from(FRAMES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def samples(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        edges = np.array([low, low + 1, max(low, -1), 0, 1, high - 1, high], dtype)
        anything = rng.integers(low, high, shape, dtype, endpoint=True)
        return np.where(rng.random(shape) < 0.5, anything, rng.choice(edges, shape))

    left = samples(own, shape)
    if draw(st.booleans()):
        left = left[..., ::-1]
    kind = draw(st.sampled_from(["array", "array", "python", "numpy", "row", "narrow"]))
    if kind == "python":
        limits = LIMITS[own]
        return left, draw(st.integers(limits.min, limits.max) | st.integers(-3, 3))
    other = draw(st.sampled_from(["int16", "int32", own]))
    if kind == "numpy":
        return left, samples(other, (1,))[0]
    if kind == "row":
        return left, samples(other, shape[-1:])
    if kind == "narrow":
        return left, samples(draw(st.sampled_from(["int8", "uint8"])), shape)
    return left, samples(other, shape)


def result_type(left: np.ndarray, right: Any) -> np.dtype:
    return left.dtype if type(right) is int else np.result_type(left, right)


@pytest.mark.parametrize("symbol", "+-*")
@given(pair=integer_pairs())
def test_saturating_operators_clip_the_exact_result(
    symbol: str, pair: tuple[np.ndarray, Any]
) -> None:
    left, right = pair
    values = exact(symbol, left, right)
    with integer_overflow("saturate"):
        got = FORWARD[symbol](make_audio(left), right)
        assert_same_bits(got, clipped(values, result_type(left, right)))
        if type(right) is int:
            reflected = FORWARD[symbol](right, make_audio(left))
            assert_same_bits(reflected, clipped(exact(symbol, right, left), left.dtype))
        audio = make_audio(left)
        assert IN_PLACE[symbol](audio, right) is audio
        assert_same_bits(audio, clipped(values, left.dtype))


@pytest.mark.parametrize("symbol", "+-*")
@given(pair=integer_pairs())
def test_raising_operators_raise_for_the_first_sample_out_of_range_and_change_none(
    symbol: str, pair: tuple[np.ndarray, Any]
) -> None:
    left, right = pair
    values = exact(symbol, left, right)
    with integer_overflow("raise"):
        for form, dtype in (("forward", result_type(left, right)), ("in place", left.dtype)):
            audio = make_audio(left)
            call = FORWARD[symbol] if form == "forward" else IN_PLACE[symbol]
            if np.array_equal(values, clipped(values, dtype).astype(object)):
                assert_same_bits(call(audio, right), values.astype(dtype))
            else:
                with pytest.raises(OverflowError):
                    call(audio, right)
                assert_same_bits(audio, left)


@pytest.mark.parametrize("mode", ["wrap", "saturate", "raise"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_know_no_integer_overflow(mode: str, dtype: str) -> None:
    top = np.finfo(dtype).max
    samples = np.array([top, -top, 1.0], dtype)
    with np.errstate(over="ignore"), integer_overflow(mode):
        audio = AudioSamples.new_mono(samples, RATE)
        assert_same_bits(audio * 2.0, samples * 2.0)
        audio += samples
        assert_same_bits(audio, samples + samples)


@pytest.mark.parametrize("mode", ["saturate", "raise"])
def test_division_of_integers_is_the_float_division_of_numpy_in_every_mode(mode: str) -> None:
    samples = np.array([-(2**15), 2**15 - 1, 3], np.int16)
    with integer_overflow(mode):
        assert_same_bits(AudioSamples.new_mono(samples, RATE) / -1, samples / -1)


def test_the_negative_of_the_lowest_integer_saturates() -> None:
    samples = np.array([-(2**15), 5], np.int16)
    audio = AudioSamples.new_mono(samples, RATE)
    assert_same_bits(-audio, -samples)
    with integer_overflow("saturate"):
        assert_same_bits(-audio, np.array([2**15 - 1, -5], np.int16))
    with integer_overflow("raise"), pytest.raises(OverflowError):
        operator.neg(audio)


@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_one_sample_out_of_range_at_the_very_end_changes_nothing(dtype: str) -> None:
    samples = np.ones(3_000_001, dtype)
    samples[-1] = LIMITS[dtype].max
    audio = AudioSamples.new_mono(samples, RATE)
    with integer_overflow("raise"), pytest.raises(OverflowError):
        audio += 1
    assert_same_bits(audio, samples)


def test_overlapping_operands_saturate_as_if_copied() -> None:
    samples = np.linspace(-30_000, 30_000, 5001).astype(np.int16)
    audio = AudioSamples.new_mono(samples, RATE)
    with integer_overflow("saturate"):
        audio[1:] += audio[:-1]
    wanted = samples.copy()
    wanted[1:] = clipped(exact("+", samples[1:], samples[:-1]), samples.dtype)
    assert_same_bits(audio, wanted)


def test_operators_wrap_unless_told() -> None:
    assert mode_now() == "wrap"


def test_modes_nest_and_end_with_their_block() -> None:
    with integer_overflow("saturate"):
        assert mode_now() == "saturate"
        with integer_overflow("raise"):
            assert mode_now() == "raise"
            with integer_overflow("wrap"):
                assert mode_now() == "wrap"
            assert mode_now() == "raise"
        assert mode_now() == "saturate"
    assert mode_now() == "wrap"


def test_an_error_inside_the_block_ends_the_mode_too() -> None:
    with pytest.raises(RuntimeError, match="inside"), integer_overflow("saturate"):
        raise RuntimeError("inside")
    assert mode_now() == "wrap"


@pytest.mark.parametrize("mode", ["", "clip", "Saturate", None, 1])
def test_an_unknown_mode_is_refused_and_names_the_known_ones(mode: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="saturate"), integer_overflow(mode):
        pass
    assert mode_now() == "wrap"


def test_the_same_mode_object_can_be_entered_again() -> None:
    for _ in range(2):
        with integer_overflow("saturate"):
            assert mode_now() == "saturate"
        assert mode_now() == "wrap"


def test_a_thread_starts_with_the_default_and_keeps_its_own_mode() -> None:
    entered, leave = threading.Event(), threading.Event()
    seen: dict[str, str] = {}

    def other() -> None:
        seen["at start"] = mode_now()
        with integer_overflow("raise"):
            seen["inside"] = mode_now()
            entered.set()
            leave.wait(20)
        seen["after"] = mode_now()

    with integer_overflow("saturate"):
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(20)
        assert mode_now() == "saturate"
        leave.set()
        thread.join()
        assert mode_now() == "saturate"
    assert seen == {"at start": "wrap", "inside": "raise", "after": "wrap"}


def test_a_copied_context_carries_the_mode_into_another_thread() -> None:
    seen = []
    with integer_overflow("saturate"):
        context = contextvars.copy_context()
    at_once(lambda: seen.append(context.run(mode_now)))
    assert seen == ["saturate"]
    assert mode_now() == "wrap"


def test_a_task_inherits_the_mode_and_keeps_changes_to_itself() -> None:
    async def child(mode: str | None, first: asyncio.Event, second: asyncio.Event) -> list[str]:
        seen = [mode_now()]
        if mode is not None:
            with integer_overflow(mode):
                first.set()
                await second.wait()
                seen.append(mode_now())
        else:
            await first.wait()
            seen.append(mode_now())
            second.set()
        seen.append(mode_now())
        return seen

    async def main() -> tuple[list[str], list[str], str]:
        first, second = asyncio.Event(), asyncio.Event()
        with integer_overflow("saturate"):
            loud_task = asyncio.create_task(child("raise", first, second))
        quiet_task = asyncio.create_task(child(None, first, second))
        await asyncio.sleep(0)
        return await loud_task, await quiet_task, mode_now()

    inner, outer, here = asyncio.run(main())
    assert inner == ["saturate", "raise", "saturate"]
    assert outer == ["wrap", "wrap", "wrap"]
    assert here == "wrap"
