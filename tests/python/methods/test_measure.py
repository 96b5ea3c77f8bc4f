"""Levels: NumPy and `math.fsum` are the oracles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals import RATE, make_audio

import audio_samples
from audio_samples import AudioSamples

SCALES = {"int16": 2.0**15, "int32": 2.0**31, "float32": 1.0, "float64": 1.0}


def fractions(samples):
    """Samples as fractions of full scale, exactly."""
    return samples.astype("float64") / SCALES[samples.dtype.name]


def exact_rms(values):
    return math.sqrt(math.fsum(x * x for x in values.ravel().tolist()) / values.size)


@st.composite
def signals(draw):
    channels = draw(st.sampled_from([None, 1, 2, 3, 7]))
    frames = draw(st.integers(1, 3000))
    dtype = draw(st.sampled_from(sorted(SCALES)))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (frames,) if channels is None else (channels, frames)
    values = random.uniform(-1, 1, shape) * draw(st.sampled_from([1.0, 1e-3, 0.999]))
    return (values * SCALES[dtype]).astype(dtype)


@given(signals())
def test_levels_are_those_of_numpy(samples):
    audio, values = make_audio(samples), fractions(samples)
    assert audio.peak() == np.abs(values).max()
    assert audio.rms() == pytest.approx(exact_rms(values), rel=1e-13)
    assert audio.dc_offset() == pytest.approx(
        math.fsum(values.ravel()) / values.size, rel=1e-12, abs=1e-15
    )
    crest = audio.peak() / audio.rms() if values.any() else 0
    assert audio.crest_factor() == pytest.approx(crest, rel=1e-15)
    below = np.atleast_2d(values < 0)
    assert audio.zero_crossings() == np.count_nonzero(below[:, 1:] != below[:, :-1])
    found = audio.statistics()
    assert found == (
        *(audio.peak(), audio.rms(), audio.crest_factor(), audio.dc_offset()),
        *(audio.zero_crossings(), values.min(), values.max()),
    )


@given(signals())
def test_channels_are_measured_one_by_one(samples):
    audio = make_audio(samples)
    channels = [audio.channel(c) for c in range(audio.num_channels)]
    for name in ("peak", "rms", "crest_factor", "dc_offset", "zero_crossings"):
        found = getattr(audio, name)(per_channel=True)
        assert found.tolist() == [getattr(one, name)() for one in channels]
    found = audio.statistics(per_channel=True)
    assert found.min.tolist() == [one.statistics().min for one in channels]
    assert found.zero_crossings.dtype == np.int64


def test_decibels_of_full_scale():
    audio = AudioSamples.new_mono(np.array([0.1, -0.1]), RATE)
    assert audio.peak(db=True) == pytest.approx(-20, abs=1e-12)
    assert audio.rms(db=True) == pytest.approx(-20, abs=1e-12)
    assert audio.crest_factor(db=True) == pytest.approx(0, abs=1e-12)
    silence = AudioSamples.zeros((2, 10), RATE)
    assert silence.rms(db=True) == -math.inf
    assert silence.peak(db=True, per_channel=True).tolist() == [-math.inf] * 2
    assert silence.crest_factor() == 0


def test_the_lowest_integer_is_full_scale():
    for dtype in ("int16", "int32"):
        lowest = np.array([np.iinfo(dtype).min, 0], dtype)
        assert make_audio(lowest).peak() == 1.0


def test_ten_million_tenths_have_the_mean_of_one():
    tenths = np.full(10_000_000, 0.1, "float32")
    audio = AudioSamples.new_mono(tenths, RATE, copy=False)
    tenth = float(np.float32(0.1))
    assert audio.dc_offset() == pytest.approx(tenth, rel=1e-15)
    assert audio.rms() == pytest.approx(tenth, rel=1e-14)
    # What sums of float32 give.
    assert np.add.accumulate(tenths)[-1] / tenths.size != pytest.approx(tenth, rel=1e-3)


def test_large_sums_lose_nothing_between_parts():
    """A part of huge samples that cancel, and small ones behind them."""
    samples = np.full(300_000, 1e-3)
    samples[:65_536:2], samples[1:65_536:2] = 1e12, -1e12
    audio = AudioSamples.new_mono(samples, RATE)
    assert audio.dc_offset() == pytest.approx(math.fsum(samples) / samples.size, rel=1e-12)


def test_threads_do_not_change_a_bit():
    samples = np.random.default_rng(1).standard_normal((2, 1_000_003)).astype("float32")
    audio = make_audio(samples)
    before = audio_samples.num_threads()
    try:
        audio_samples.set_num_threads(1)
        alone = audio.statistics(per_channel=True)
        audio_samples.set_num_threads(4)
        for _ in range(5):
            together = audio.statistics(per_channel=True)
            assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    finally:
        audio_samples.set_num_threads(before)


@pytest.mark.parametrize("frames", [1023, 1024, 1025, 65_535, 65_536, 65_537, 131_073])
def test_crossings_between_blocks_are_counted_once(frames):
    samples = np.where(np.arange(frames) % 2, -1.0, 1.0)
    assert AudioSamples.new_mono(samples, RATE).zero_crossings() == frames - 1


def test_numbers_that_are_none():
    with_nan = AudioSamples.new_multi(np.array([[0.5, np.nan, 2.0], [0.5, -1.0, 0.0]]), RATE)
    for name in ("peak", "rms", "crest_factor", "dc_offset"):
        assert math.isnan(getattr(with_nan, name)())
        assert not math.isnan(getattr(with_nan, name)(per_channel=True)[1])
    assert math.isnan(with_nan.statistics().max)
    infinite = AudioSamples.new_mono(np.array([1.0, -np.inf]), RATE)
    assert infinite.peak() == infinite.rms() == math.inf
    assert infinite.dc_offset() == -math.inf
    both = AudioSamples.new_mono(np.array([np.inf, -np.inf]), RATE)
    assert math.isnan(both.dc_offset())
    assert both.peak() == math.inf


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty_audio_measures_nothing(shape):
    audio = AudioSamples.zeros(shape, RATE)
    assert audio.statistics() == (0, 0, 0, 0, 0, 0, 0)


def test_the_peak_of_silence_has_no_sign():
    for value in (0.0, -0.0):
        assert math.copysign(1, AudioSamples.from_numpy(np.full(3, value), 8_000).peak()) == 1
