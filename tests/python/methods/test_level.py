"""Gains, fades and envelopes: the NumPy expression in float64 is the oracle."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals import RATE, make_audio, mono, read_only

import audio_samples
from audio_samples import AudioSamples, BorrowError, dsp

CURVES = {
    "linear": lambda t: t,
    "equal_power": lambda t: np.sin(np.pi * t / 2),
    "exponential": lambda t: (1000**t - 1) / 999,
    "logarithmic": lambda t: 1 - (1000 ** (1 - t) - 1) / 999,
    "raised_cosine": lambda t: (1 - np.cos(np.pi * t)) / 2,
}
TYPES = ("int16", "int32", "float32", "float64")


def noise(dtype, shape=(2, 5000), seed=3):
    values = np.random.default_rng(seed).uniform(-0.9, 0.9, shape)
    return (
        (values * (np.iinfo(dtype).max + 1)).astype(dtype)
        if dtype.startswith("i")
        else values.astype(dtype)
    )


def multiplied(samples, gains):
    """Samples times gains in float64, stored as audio is: rounded to even, saturated."""
    exact = samples.astype("float64") * gains
    if samples.dtype.kind == "f":
        return exact.astype(samples.dtype)
    limits = np.iinfo(samples.dtype)
    return np.clip(np.rint(exact), limits.min, limits.max).astype(samples.dtype)


def assert_near(found, expected):
    """Integers and float32 at most one step of the type apart, float64 a few."""
    assert found.dtype == expected.dtype
    if found.dtype.kind == "i":
        assert np.abs(found.astype("int64") - expected.astype("int64")).max(initial=0) <= 1
    else:
        steps = 1 if found.dtype == np.float32 else 4
        assert np.all(np.abs(found - expected) <= steps * np.spacing(np.abs(expected)) + 1e-300)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("db", [0.0, -6.0, 6.0, -100.0, 3.7])
def test_gain_multiplies(dtype, db):
    samples = noise(dtype)
    audio = make_audio(samples)
    expected = multiplied(samples, 10 ** (db / 20))
    assert_near(np.asarray(audio.gain(db)), expected)
    assert np.array_equal(audio.to_numpy(), samples)
    assert audio.gain_inplace(db) is audio
    assert np.array_equal(audio.to_numpy(), np.asarray(make_audio(samples).gain(db)))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("factor", [0.0, 1.0, -1.0, 0.5, 1.9, -3.0])
def test_scale_multiplies(dtype, factor):
    samples = noise(dtype)
    found = np.asarray(make_audio(samples).scale(factor))
    assert np.array_equal(found, multiplied(samples, factor)) or dtype == "float32"
    assert_near(found, multiplied(samples, factor))


def test_integers_saturate_and_round_to_even():
    audio = AudioSamples.new_mono(np.array([30_000, -30_000, 1, 3, -32_768], "int16"), RATE)
    assert audio.scale(2).to_numpy().tolist() == [32_767, -32_768, 2, 6, -32_768]
    assert audio.scale(0.5).to_numpy().tolist() == [15_000, -15_000, 0, 2, -16_384]
    assert audio.scale(-1).to_numpy().tolist() == [-30_000, 30_000, -1, -3, 32_767]


def test_silence_is_a_gain_too():
    assert mono([1.0, -2.0]).gain(-math.inf).to_numpy().tolist() == [0.0, 0.0]


@pytest.mark.parametrize("db", [math.nan, math.inf, 1e5])
def test_impossible_gains_are_refused(db):
    audio = mono([1.0, 2.0])
    with pytest.raises(ValueError, match="a gain is a number of decibels below 6165, not"):
        audio.gain_inplace(db)
    assert audio.to_numpy().tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="finite"):
        audio.scale(math.inf)
    with pytest.raises(TypeError, match="db must be a number"):
        audio.gain("loud")


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("frames", [0, 1, 2, 777, 5000])
def test_fades_follow_their_curve(curve, dtype, frames):
    samples = noise(dtype)
    gains = np.ones(5000)
    gains[:frames] = CURVES[curve](np.arange(frames) / max(frames, 1))
    audio = make_audio(samples)
    found = np.asarray(audio.fade_in(frames=frames, curve=curve))
    exact = multiplied(samples, gains)
    if dtype == "float64":
        # The curves that take 1 away are right to a few steps of 1.
        assert np.all(np.abs(found - exact) <= 4e-15 * np.abs(samples))
    else:
        assert_near(found, exact)
    assert np.array_equal(found[:, frames:], samples[:, frames:])
    backwards = np.asarray(make_audio(samples[:, ::-1]).fade_out(frames=frames, curve=curve))
    assert np.array_equal(backwards[:, ::-1], found)
    assert audio.fade_in_inplace(frames=frames, curve=curve) is audio
    assert np.array_equal(audio.to_numpy(), found)


def test_a_fade_begins_with_silence_and_ends_before_the_first_untouched_frame():
    audio = AudioSamples.new_mono(np.ones(8), 4)
    assert audio.fade_in(1.0).to_numpy().tolist() == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]
    assert audio.fade_out(1.0).to_numpy().tolist() == [1, 1, 1, 1, 0.75, 0.5, 0.25, 0]


@given(st.integers(1, 400), st.sampled_from(["linear", "equal_power"]))
def test_fades_that_cross_keep_the_sum_or_the_power(frames, curve):
    ones = AudioSamples.new_mono(np.ones(frames), RATE)
    # A fade out that begins where the fade in does.
    rising = ones.fade_in(frames=frames, curve=curve).to_numpy()
    falling = np.append(1.0, ones.fade_out(frames=frames, curve=curve).to_numpy()[:-1])
    power = 1 if curve == "linear" else 2
    assert np.allclose(rising**power + falling**power, 1, atol=1e-15, rtol=0)


def test_only_the_frames_of_a_fade_are_leased():
    audio = AudioSamples.new_mono(np.ones(100), 100)
    with audio[50:].borrow():
        audio.fade_in_inplace(0.5)
        with pytest.raises(BorrowError, match="frame 50 of audio of shape"):
            audio.fade_in_inplace(frames=51)
    assert audio.to_numpy()[49] == 0.98


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "seconds= or frames="),
        ({"seconds": 1, "frames": 2}, "not by both"),
        ({"seconds": 3.0}, r"300 frames \(3 s\) does not fit into audio of 100 frames \(1 s\)"),
        ({"seconds": -1.0}, "from 0 on, not -1"),
        ({"seconds": math.nan}, "not NaN"),
        ({"frames": 1, "curve": "sine"}, "'linear', 'equal_power'"),
    ],
)
def test_impossible_fades_are_refused(how, said):
    audio = AudioSamples.new_mono(np.ones(100), 100)
    for method in (audio.fade_in, audio.fade_in_inplace, audio.fade_out, audio.fade_out_inplace):
        with pytest.raises((ValueError, TypeError), match=said):
            method(**how)
    assert audio.to_numpy().tolist() == [1.0] * 100


@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.floats(-90, 20)), min_size=1, max_size=6),
    st.sampled_from(["float32", "float64"]),
)
def test_envelopes_go_from_point_to_point(points, dtype):
    points.sort(key=lambda point: point[0])
    times, levels = (np.array(column) for column in zip(*points, strict=True))
    samples = noise(dtype, (3, 5000))
    audio = make_audio(samples, 20_000)
    found = np.asarray(audio.apply_envelope(points))
    frames = np.arange(5000) / 20_000
    with np.errstate(all="ignore"):
        gains = 10 ** (np.interp(frames, times, levels) / 20)
    # Where two points share a time, or almost, an interpolation may take either.
    sure = np.min(np.abs(frames[:, None] - times), axis=1) > 1e-9
    expected = multiplied(samples, gains)
    error = np.abs(found - expected)[:, sure]
    bound = np.abs(expected)[:, sure] * (1e-12 if dtype == "float64" else 1e-6)
    steep = np.abs(np.diff(times)).min(initial=1) < 1e-6
    assert steep or np.all(error <= bound + 1e-30)
    assert np.array_equal(np.asarray(audio.apply_envelope_inplace(points)), found)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "at least one point"),
        ([(1, 0), (0.5, 0)], "point 1 of an envelope is at 0.5 s"),
        ([(0, math.nan)], "point 0 of an envelope has NaN dB"),
        ([(0, -math.inf)], "-120 is silence"),
        ([1, 2], "list of points"),
        ("loud", "list of points"),
    ],
)
def test_impossible_envelopes_are_refused(points, said):
    with pytest.raises((ValueError, TypeError), match=said):
        mono().apply_envelope(points)


@pytest.mark.parametrize("dtype", TYPES)
def test_soft_clip_bends_towards_full_scale(dtype):
    samples = noise(dtype)
    scale = 1 if dtype.startswith("f") else np.iinfo(dtype).max + 1
    expected = np.tanh(samples.astype("float64") / scale * 10 ** (6 / 20)) * scale
    found = make_audio(samples).soft_clip(6).to_numpy()
    tolerance = 1 if scale > 1 else 1e-7
    assert np.abs(found - expected).max() <= tolerance
    assert make_audio(samples).soft_clip().peak() < 0.75


@pytest.mark.parametrize("dtype", TYPES)
def test_offsets_are_taken_away(dtype):
    samples = noise(dtype)
    samples[1] //= 2 if dtype.startswith("i") else 1
    samples = samples.astype(dtype)
    audio = make_audio(samples)
    found = audio.remove_dc()
    step = {"int16": 2**-16, "int32": 2**-32}.get(dtype, 2e-8)
    assert np.abs(found.dc_offset(per_channel=True)).max() <= step
    assert audio.remove_dc_inplace() is audio
    assert np.array_equal(audio.to_numpy(), found.to_numpy())
    again = audio.remove_dc().to_numpy()
    assert np.allclose(again, found.to_numpy(), atol=1e-8)


def test_an_offset_that_is_no_number_is_refused():
    audio = mono([0.0, math.nan, 1.0, math.inf])
    with pytest.raises(
        ValueError, match="2 of the samples are nan or infinite, the first at frame 1"
    ):
        audio.remove_dc_inplace()
    assert audio.to_numpy()[2] == 1.0


TWINS = {
    "gain": (-6,),
    "scale": (0.5,),
    "soft_clip": (6,),
    "remove_dc": (),
    "fade_in": (0.0001,),
    "fade_out": (0.0001,),
    "apply_envelope": ([(0, -6)],),
    "normalize": (-6,),
}


@pytest.mark.parametrize("name", TWINS)
def test_twins_change_the_samples_that_all_see(name):
    samples = noise("float32")
    audio = make_audio(samples)
    view, part = audio.to_numpy(), audio[1000:2000]
    expected = getattr(audio, name)(*TWINS[name]).to_numpy()
    assert getattr(audio, f"{name}_inplace")(*TWINS[name]) is audio
    assert np.array_equal(view, expected)
    assert np.array_equal(part.to_numpy(), expected[:, 1000:2000])
    assert not np.array_equal(expected, samples)


@pytest.mark.parametrize("name", TWINS)
def test_twins_leave_what_they_may_not_change(name):
    samples = noise("float32")
    audio = make_audio(samples)
    twin = f"{name}_inplace"
    with pytest.raises(ValueError, match="read-only"):
        getattr(read_only(audio), twin)(*TWINS[name])
    with audio.borrow(), pytest.raises(BorrowError):
        getattr(audio, twin)(*TWINS[name])
    with audio.borrow_mut(), pytest.raises(BorrowError):
        getattr(audio, name)(*TWINS[name])
    assert np.array_equal(audio.to_numpy(), samples)


def test_threads_do_not_change_a_bit():
    samples = noise("float32", (2, 700_001))
    before = audio_samples.num_threads()
    found = []
    try:
        for threads in (1, 4):
            audio_samples.set_num_threads(threads)
            audio = make_audio(samples)
            audio.fade_in_inplace(frames=700_000, curve="exponential")
            audio.apply_envelope_inplace([(0, -3), (15, 3)]).soft_clip_inplace(3)
            found.append(audio.to_numpy())
    finally:
        audio_samples.set_num_threads(before)
    assert np.array_equal(*found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gains_past_the_range_of_the_samples_keep_silence(dtype):
    audio = AudioSamples.from_numpy(np.array([0.0, -0.0, 1e-30, 1e-38, 1.0], dtype), RATE)
    for change in (
        lambda: audio.gain(800),
        lambda: audio.scale(1e40),
        lambda: dsp.Gain(800).process(audio),
    ):
        with np.errstate(over="ignore"):
            expected = (audio.to_numpy().astype(float) * 1e40).astype(dtype)
        assert np.allclose(change().to_numpy(), expected, rtol=1e-6)
    with np.errstate(under="ignore"):
        assert audio.scale(1e-42).to_numpy()[4] == dtype_of(dtype)(1e-42)


def dtype_of(name):
    return np.dtype(name).type


def test_audio_next_to_silence_is_normalized():
    quiet = AudioSamples.from_numpy(np.array([0.0, 1e-42, -2e-42], "float32"), RATE)
    found = quiet.normalize().to_numpy()
    assert found[0] == 0
    assert np.isfinite(found).all()
    assert np.abs(found).max() == pytest.approx(10 ** (-1 / 20), rel=1e-6)
    with pytest.raises(ValueError, match="peak of these samples is -6200"):
        AudioSamples.from_numpy(np.array([1e-310]), RATE).normalize()


@pytest.mark.parametrize(
    "points", [[[0, -6], [1, 0]], np.array([[0, -6.0], [1, 0]]), [(0, -6), [1, 0]]]
)
def test_points_are_rows_of_any_kind(points):
    audio = make_audio(np.ones((2, RATE)))
    assert np.array_equal(audio.apply_envelope(points), audio.apply_envelope([(0, -6), (1, 0)]))
    for wrong in (3, [3], [(1, 2, 3)], ["ab"]):
        with pytest.raises(TypeError, match="a list of points"):
            audio.apply_envelope(wrong)
