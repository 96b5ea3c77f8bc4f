"""Channels: NumPy in float64 is the oracle."""

import numpy as np
import pytest
from signals import make_audio

from audio_samples import AudioSamples, SampleRateError

RATE = 8_000
TYPES = ["int16", "int32", "float32", "float64"]


def noise(dtype="float32", channels=2, frames=5_000):
    values = np.random.default_rng(channels).uniform(-0.99, 0.99, (channels, frames))
    return (values * {"int16": 2**15, "int32": 2**31}.get(dtype, 1)).astype(dtype)


def rounded(exact, dtype):
    """As audio is stored: to the nearest, ties to even, saturated."""
    if np.dtype(dtype).kind == "f":
        return exact.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(exact), limits.min, limits.max).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [2, 3, 6, 64])
def test_mono_is_the_mean_of_all_channels(dtype, channels):
    samples = noise(dtype, channels)
    audio = make_audio(samples, RATE)
    exact = samples.astype("float64").sum(axis=0) / channels
    mono = audio.to_mono()
    assert mono.shape == (5_000,)
    assert mono.sample_rate == RATE
    assert np.abs(mono.to_numpy().astype(float) - rounded(exact, dtype)).max() <= (
        1e-15 if dtype == "float64" else 0
    )
    weights = np.linspace(-1, 1, channels)
    weighted = audio.to_mono(weights).to_numpy().astype("float64")
    exact = np.tensordot(weights, samples.astype("float64"), 1)
    step = 1 if dtype.startswith("i") else 1e-5
    assert np.abs(weighted - rounded(exact, dtype).astype("float64")).max() <= step


def test_one_channel_is_a_view():
    audio = make_audio(noise(), RATE)
    for method, channel in (("left", 0), ("right", 1)):
        view = audio.to_mono(method)
        assert np.shares_memory(view, audio)
        assert np.array_equal(view, audio.channel(channel))
    mono = audio.channel(0)
    assert mono.to_mono() is mono
    one_row = make_audio(noise(channels=1), RATE)
    assert one_row.to_mono().shape == (5_000,)
    assert np.shares_memory(one_row.to_mono("left"), one_row)


def test_out_takes_what_fits():
    audio = make_audio(noise(), RATE)
    batch = np.zeros((3, 5_000), "float32")
    for row, method in enumerate(("mean", "left", [0.25, 0.5])):
        out = AudioSamples.from_numpy(batch[row], RATE)
        assert audio.to_mono(method, out=out) is out
        assert np.array_equal(batch[row], audio.to_mono(method))
    integers = AudioSamples.zeros(5_000, RATE, dtype="int16")
    audio.to_mono(out=integers)
    assert np.array_equal(integers.to_numpy(), audio.to_mono().convert("int16").to_numpy())
    for wrong, error, said in (
        (AudioSamples.zeros(4_999, RATE), ValueError, r"shape \[4999\].*\[5000\]"),
        (AudioSamples.zeros(5_000, 16_000), SampleRateError, "8000"),
        (AudioSamples.zeros(5_000, RATE).as_readonly(), ValueError, "read-only"),
        (audio.channel(0), ValueError, "overlaps"),
    ):
        with pytest.raises(error, match=said):
            audio.to_mono(out=wrong)


@pytest.mark.parametrize("dtype", TYPES)
def test_stereo_has_mono_in_both_channels(dtype):
    mono = make_audio(noise(dtype, 1)[0], RATE)
    stereo = mono.to_stereo()
    assert np.array_equal(stereo.to_numpy(), np.stack([mono, mono]))
    assert stereo.to_stereo() is stereo
    out = AudioSamples.zeros((2, 5_000), RATE, dtype=dtype)
    assert mono.to_stereo(out=out) is out
    assert np.array_equal(out.to_numpy(), stereo.to_numpy())
    with pytest.raises(ValueError, match=r"3 channels do not become 2; audio\[:2, :\]"):
        make_audio(noise(channels=3), RATE).to_stereo()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("position", [-1, -0.4, 0, 0.7, 1])
def test_pan_and_balance_are_gains_of_the_sides(dtype, position):
    samples = noise(dtype)
    audio = make_audio(samples, RATE)
    angle = (position + 1) * np.pi / 4
    for found, gains in (
        (audio.pan(position), [np.cos(angle), np.sin(angle)]),
        (audio.pan(position, law="linear"), [(1 - position) / 2, (1 + position) / 2]),
        (audio.balance(position), [min(1, 1 - position), min(1, 1 + position)]),
    ):
        expected = rounded(samples.astype("float64") * np.array(gains)[:, None], dtype)
        difference = np.abs(found.to_numpy().astype("float64") - expected.astype("float64"))
        assert difference.max() <= (0 if dtype.startswith("i") else 1e-15)


def test_panning_keeps_the_power():
    both = make_audio(np.ones((2, 10)), RATE)
    for position in np.linspace(-1, 1, 21):
        panned = both.pan(position).to_numpy()
        assert (panned**2).sum(axis=0) == pytest.approx(1)
        assert both.pan(position, "linear").to_numpy().sum(axis=0) == pytest.approx(1)
    assert both.pan(-1).to_numpy()[1].tolist() == [0] * 10


@pytest.mark.parametrize("dtype", TYPES)
def test_middle_and_side_and_back(dtype):
    samples = noise(dtype)
    audio = make_audio(samples, RATE)
    left, right = samples.astype("float64")
    expected = rounded(np.stack([(left + right) / 2, (left - right) / 2]), dtype)
    found = audio.mid_side()
    assert np.array_equal(found.to_numpy(), expected)
    back = found.mid_side(inverse=True).to_numpy().astype("float64")
    assert np.abs(back - samples).max() <= (1 if dtype.startswith("i") else 1e-7)


def test_channels_change_places():
    samples = noise(channels=4)
    audio = make_audio(samples, RATE)
    assert np.array_equal(audio.swap_channels().to_numpy(), samples[[1, 0, 2, 3]])
    assert np.array_equal(audio.swap_channels(3, 1).to_numpy(), samples[[0, 3, 2, 1]])
    assert np.array_equal(audio.swap_channels(2, 2).to_numpy(), samples)
    with pytest.raises(IndexError, match="channel 4 is out of range for 4"):
        audio.swap_channels(0, 4)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: a.pan(1.5), r"from -1 \(left\) to 1 \(right\), not 1.5"),
        (lambda a: a.pan(np.nan), "not NaN"),
        (lambda a: a.pan(0, "log"), "'constant_power' or 'linear', not 'log'"),
        (lambda a: a.channel(0).pan(0), r"this is mono; to_stereo\(\)"),
        (lambda a: a.channel(0).mid_side(), r"this is mono; to_stereo\(\)"),
        (lambda a: a.to_mono("centre"), "'mean', 'left', 'right'"),
        (lambda a: a.to_mono([1]), "1 weights for 2 channels"),
        (lambda a: a.to_mono([1, np.inf]), "a weight is finite, not inf"),
        (lambda a: a.to_mono(3), "a weight for each channel, not 3"),
    ],
)
def test_impossible_channels_are_refused(call, said):
    with pytest.raises((ValueError, TypeError), match=said):
        call(make_audio(noise(), RATE))
