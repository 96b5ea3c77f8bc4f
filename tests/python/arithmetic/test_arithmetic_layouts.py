"""Where operands and results lie in memory."""

from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import RATE, SAMPLE_TYPES, assert_same_bits

from audio_samples import AudioSamples


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
