"""Resampling, measured with tones: what is kept, what is turned down, and where it comes out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import make_audio

from audio_samples import AudioSamples, dsp

PAIRS = [
    (48_000, 44_100),
    (44_100, 48_000),
    (44_100, 16_000),
    (16_000, 44_100),
    (48_000, 32_000),
    (22_050, 16_000),
    (44_100, 16_007),
    (8_000, 48_000),
]
# quality: end of the band, signal to noise in float64 and float32, what is left beyond it.
LIMITS = {"high": (0.90, 130, 130, -130), "best": (0.95, 180, 130, -170)}


def tone(rate, hz, seconds=1.5, frames=None):
    frames = round(rate * seconds) if frames is None else frames
    return np.sin(2 * np.pi * hz * np.arange(frames) / rate + 0.3)


def inner(samples):
    """Away from the ends, where a tone begins and stops."""
    return samples[len(samples) // 4 : -len(samples) // 4]


def snr(found, expected):
    noise = inner(found.astype("float64")) - inner(expected)
    return 10 * math.log10(np.sum(inner(expected) ** 2) / np.sum(noise**2))


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("quality", LIMITS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tones_of_the_band_come_out_as_they_went_in(source, target, quality, dtype):
    edge, double, single, _ = LIMITS[quality]
    for part in (0.02, 0.5, edge):
        hz = min(source, target) / 2 * part
        audio = make_audio(tone(source, hz).astype(dtype), source)
        found = audio.resample(target, quality=quality)
        assert (found.sample_rate, found.dtype) == (target, dtype)
        assert len(found) == round(len(audio) * target / source)
        expected = tone(target, hz, frames=len(found))
        # A sample that came half a frame late would be 60 dB off.
        assert snr(found.to_numpy(), expected) >= (double if dtype == "float64" else single)


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair[0] > pair[1]])
@pytest.mark.parametrize("quality", LIMITS)
def test_tones_beyond_the_band_are_turned_down(source, target, quality):
    audio = make_audio(tone(source, target / 2 * 1.005), source)
    found = inner(audio.resample(target, quality=quality).to_numpy())
    assert 20 * math.log10(np.abs(found).max()) <= LIMITS[quality][3]


@pytest.mark.parametrize("quality", LIMITS)
def test_images_are_turned_down(quality):
    """What a higher rate has room for stays empty."""
    audio = make_audio(tone(16_000, 7_000), 16_000)
    found = inner(audio.resample(48_000, quality=quality).to_numpy())
    spectrum = np.abs(np.fft.rfft(found * np.blackman(len(found)) ** 4))
    beyond = spectrum[len(spectrum) * 8 // 24 * 1 + 200 :]
    assert 20 * math.log10(beyond.max() / spectrum.max()) <= -125


def test_a_constant_stays_one_and_an_impulse_stays_in_its_place():
    constant = make_audio(np.full(20_000, 0.25), 44_100).resample(48_000).to_numpy()
    assert np.abs(inner(constant) - 0.25).max() < 1e-7
    impulse = np.zeros(44_100)
    impulse[22_050] = 1
    found = make_audio(impulse, 44_100).resample(48_000).to_numpy()
    assert np.argmax(found) == 24_000
    assert np.allclose(found[24_000 - 50 : 24_000], found[24_050:24_000:-1], atol=1e-12)


@given(
    st.sampled_from([8_000, 16_000, 16_007, 44_100, 48_000]),
    st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]),
    st.integers(0, 20_000),
)
@settings(max_examples=30)
def test_the_length_is_the_nearest(source, target, frames):
    audio = AudioSamples.zeros((2, frames), source, dtype="float32")
    assert audio.resample(target).shape == (2, round(frames * target / source))


@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=6),
    st.sampled_from([(44_100, 16_000), (16_000, 44_100), (48_000, 44_100), (44_100, 44_100)]),
    st.sampled_from(["high", "best"]),
    st.sampled_from(["int16", "float32", "float64"]),
)
@settings(max_examples=30)
def test_every_split_gives_the_same(lengths, rates, quality, dtype):
    source, target = rates
    values = np.random.default_rng(1).uniform(-0.9, 0.9, (2, 12_345))
    audio = make_audio(values, source).convert(dtype)
    whole = audio.resample(target, quality)
    resampler = dsp.Resampler(target, quality)
    blocks, at = [], 0
    for length in [*lengths, 1 << 20]:
        blocks.append(audio[at : at + length])
        at = min(at + length, len(audio))
    found = np.concatenate([np.asarray(block) for block in resampler.stream(blocks)], axis=-1)
    assert np.array_equal(found, whole.to_numpy())
    assert np.array_equal(audio.apply(resampler).to_numpy(), whole.to_numpy())


@pytest.mark.parametrize("size", [1, 7, 480, 65_536])
def test_blocks_of_any_size(size):
    audio = make_audio(np.random.default_rng(2).uniform(-1, 1, 4_321).astype("float32"), 22_050)
    whole = audio.resample(16_000).to_numpy()
    stream = dsp.Resampler(16_000).stream(
        audio[at : at + size] for at in range(0, len(audio), size)
    )
    assert np.array_equal(np.concatenate([np.asarray(block) for block in stream]), whole)


def test_a_chain_around_a_resampler_loses_nothing():
    audio = make_audio(np.random.default_rng(3).uniform(-1, 1, (2, 30_001)), 44_100)
    chain = dsp.Chain(
        [dsp.Fade(0.1, 0.2, curve="equal_power"), dsp.Resampler(16_000), dsp.Fade(0.05, 0.07)]
    )
    faded = audio.fade_in(0.1, curve="equal_power").fade_out(0.2, curve="equal_power")
    expected = faded.resample(16_000).fade_in(0.05).fade_out(0.07).to_numpy()
    assert np.array_equal(audio.apply(chain).to_numpy(), expected)
    blocks = chain.stream(audio[at : at + 777] for at in range(0, len(audio), 777))
    assert np.array_equal(np.concatenate([np.asarray(block) for block in blocks], axis=1), expected)


def test_integers_are_rounded_and_saturate():
    square = np.where(np.arange(8_000) // 40 % 2, 32_767, -32_768).astype("int16")
    found = make_audio(square, 8_000).resample(48_000).to_numpy()
    assert found.dtype == np.int16
    # The overshoot of a square wave has nowhere to go.
    assert (found.max(), found.min()) == (32_767, -32_768)
    exact = make_audio(square, 8_000).convert("float64").resample(48_000)
    assert np.array_equal(found, exact.convert("int16").to_numpy())


def test_a_number_that_is_none_spoils_only_what_is_near():
    samples = np.random.default_rng(4).uniform(-1, 1, 200_000)
    clean = make_audio(samples, 48_000).resample(44_100).to_numpy()
    samples[100_000] = math.nan
    found = make_audio(samples, 48_000).resample(44_100).to_numpy()
    spoiled = np.flatnonzero(np.isnan(found))
    assert spoiled.size
    assert spoiled.max() - spoiled.min() < 20_000
    rest = ~np.isnan(found)
    assert np.array_equal(found[rest], clean[rest])


def test_the_same_rate_is_a_copy():
    audio = make_audio(np.arange(10.0), 48_000)
    found = audio.resample(48_000)
    assert np.array_equal(found.to_numpy(), audio.to_numpy())
    assert found.address != audio.address


def test_out_takes_what_fits():
    audio = make_audio(np.random.default_rng(5).uniform(-1, 1, (2, 4_410)), 44_100)
    expected = audio.resample(16_000).to_numpy()
    batch = AudioSamples.zeros((2, 2_000), 16_000)
    part = batch[200:1_800]
    assert audio.resample(16_000, out=part) is part
    assert np.array_equal(batch.to_numpy()[:, 200:1_800], expected)
    assert not batch.to_numpy()[:, :200].any()
    with pytest.raises(ValueError, match=r"make it of shape \[2, 1600\]"):
        audio.resample(16_000, out=batch)
    with pytest.raises(ValueError, match="out has 16000 Hz, and 8000 were asked for"):
        audio.resample(8_000, out=part)
    with pytest.raises(ValueError, match="read-only"):
        audio.resample(16_000, out=part.as_readonly())
    with pytest.raises(ValueError, match="overlaps"):
        audio.resample(44_100, out=audio)


@pytest.mark.parametrize(
    ("rate", "quality", "said"),
    [
        (0, "high", "sample_rate must be a whole number"),
        (44_100.5, "high", "44100.5"),
        (48_000, "fast", "'high' or 'best', not 'fast'"),
        (4_000_000_007, "high", "blocks of 4000000007 frames, more than 2097152"),
        (10**9, "high", "blocks of 10000000 frames, more than 2097152"),
    ],
)
def test_impossible_rates_are_refused(rate, quality, said):
    with pytest.raises(ValueError, match=said):
        AudioSamples.zeros(10, 44_100).resample(rate, quality)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (1,), (2, 1), (64, 30)])
def test_little_audio(shape):
    audio = make_audio(
        np.ones(shape), 44_100, **({"layout": "channels_first"} if shape[1:] else {})
    )
    assert audio.resample(48_000).shape == (*shape[:-1], round(shape[-1] * 48_000 / 44_100))


def test_rates_too_far_apart_are_refused():
    audio = AudioSamples.from_numpy(np.zeros(10), 1)
    for make in (
        lambda: audio.resample(2_000_000),
        lambda: audio.apply(dsp.Resampler(2_000_000)),
        lambda: AudioSamples.from_numpy(np.zeros(10), 2_000_000).resample(1),
    ):
        with pytest.raises(ValueError, match="more than 16777216; resample to a rate in between"):
            make()
    assert AudioSamples.from_numpy(np.ones(48_000), 48_000).resample(10).shape == (10,)
