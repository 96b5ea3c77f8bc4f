"""Compressors, expanders and gates against loops of NumPy, and what limiters promise."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signals import make_audio

from audio_samples import AudioSamples, dsp

RATE = 8_000
METHODS = {
    "compress": (dsp.Compressor, {"threshold_db": -18.5, "ratio": 3.0, "release_ms": 40.0}),
    "expand": (dsp.Expander, {"threshold_db": -20.0, "ratio": 2.5, "attack_ms": 2.0}),
    "gate": (dsp.Gate, {"threshold_db": -15.0, "hold_ms": 3.0, "range_db": 60.0}),
    "limit": (dsp.Limiter, {"ceiling_db": -6.0, "lookahead_ms": 2.0}),
}


def noise(shape=4_000, seed=0):
    """Noise that swells and fades twice, with silence at the end."""
    frames = shape if isinstance(shape, int) else shape[-1]
    swell = np.sin(2 * np.pi * np.arange(frames) / frames) ** 2
    swell[frames * 9 // 10 :] = 0
    return np.random.default_rng(seed).uniform(-0.99, 0.99, shape) * swell


def decibels(levels):
    return 20 * np.log10(np.maximum(levels, 1e-10))


def levels_of(samples):
    return np.nan_to_num(np.abs(np.atleast_2d(samples)), nan=0.0).max(axis=0)


# -- what the loops give --


def smoothed(targets, growing_ms, shrinking_ms, state, rate):
    """Decibels of reduction, with a time for those that grow and one for those that shrink."""
    kept = [math.exp(-1 / (ms * rate / 1000)) if ms else 0.0 for ms in (growing_ms, shrinking_ms)]
    for target in targets:
        share = kept[0] if target > state else kept[1]
        state = share * state + (1 - share) * target
        yield state


def bent(past, slope, knee):
    """Decibels of reduction for a level past the threshold: nothing, a parabola, a line."""
    if past <= -knee / 2:
        return 0.0
    if past < knee / 2:
        return slope * (past + knee / 2) ** 2 / (2 * knee)
    return slope * past


def compressed(samples, rate, threshold_db=-20, ratio=4, attack_ms=5, release_ms=100, knee_db=6):
    past = decibels(levels_of(samples)) - threshold_db
    targets = [bent(x, 1 - 1 / ratio, knee_db) for x in past]
    found = smoothed(targets, attack_ms, release_ms, 0.0, rate)
    return samples * 10 ** (-np.array(list(found)) / 20)


def expanded(samples, rate, threshold_db=-40, ratio=2, attack_ms=5, release_ms=100, knee_db=6):
    past = threshold_db - decibels(levels_of(samples))
    targets = [min(bent(x, ratio - 1, knee_db), 200) for x in past]
    found = smoothed(targets, release_ms, attack_ms, 0.0, rate)
    return samples * 10 ** (-np.array(list(found)) / 20)


def gated(samples, rate, threshold_db=-50, attack_ms=1, hold_ms=50, release_ms=100, range_db=80):
    loud = decibels(levels_of(samples)) >= threshold_db
    last, targets = -math.inf, []
    for frame, is_loud in enumerate(loud):
        last = frame if is_loud else last
        targets.append(0.0 if frame - last <= round(hold_ms * rate / 1000) else range_db)
    found = smoothed(targets, release_ms, attack_ms, range_db, rate)
    return samples * 10 ** (-np.array(list(found)) / 20)


def limited(samples, rate, ceiling_db=-1, lookahead_ms=5, release_ms=50):
    ceiling = 10 ** (ceiling_db / 20)
    ahead = round(lookahead_ms * rate / 1000)
    kept = math.exp(-1 / (release_ms * rate / 1000)) if release_ms else 0.0
    levels = np.concatenate([levels_of(samples), np.zeros(ahead)])
    needed = ceiling / np.maximum(levels, ceiling)
    lack, gains = 0.0, [1.0] * ahead
    for frame in range(len(needed)):
        least = needed[max(frame - ahead, 0) : frame + 1].min()
        lack = max(lack * kept, 1 - least)
        gains.append(1 - lack)
    means = np.convolve(gains, np.ones(ahead + 1) / (ahead + 1), "valid")
    return samples * means[ahead:]


REFERENCES = {"compress": compressed, "expand": expanded, "gate": gated, "limit": limited}
CASES = [
    ("compress", {}),
    ("compress", {"ratio": math.inf, "knee_db": 0.0, "attack_ms": 0.0}),
    ("compress", {"threshold_db": -30.0, "ratio": 1.5, "release_ms": 0.0, "knee_db": 20.0}),
    ("expand", {}),
    ("expand", {"threshold_db": -12.0, "ratio": 5.0, "knee_db": 0.0}),
    ("expand", {"threshold_db": -12.0, "ratio": 1_000.0, "attack_ms": 0.0}),
    ("gate", {}),
    ("gate", {"threshold_db": -8.0, "hold_ms": 0.0}),
    ("gate", {"threshold_db": -8.0, "hold_ms": 4.0, "attack_ms": 0.0, "range_db": 20.0}),
    ("limit", {}),
    ("limit", {"ceiling_db": -12.0, "lookahead_ms": 0.0}),
    ("limit", {"ceiling_db": -9.0, "lookahead_ms": 17.3, "release_ms": 0.0}),
    ("limit", {"ceiling_db": -20.0, "lookahead_ms": 1.0, "release_ms": 200.0}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("shape", [4_000, (2, 4_000), (5, 700)])
def test_samples_are_those_of_a_loop(name, options, shape):
    samples = noise(shape)
    found = getattr(make_audio(samples, RATE), name)(**options).to_numpy()
    expected = REFERENCES[name](samples, RATE, **options)
    assert not np.allclose(expected, samples, atol=1e-3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 4.0, 20.0, math.inf])
@pytest.mark.parametrize("knee", [0.0, 6.0, 30.0])
def test_a_steady_level_follows_the_curve(ratio, knee):
    for level in (-60.0, -35.0, -22.0, -20.0, -18.5, -5.0, 0.0, 12.0):
        audio = make_audio(np.full(RATE, 10 ** (level / 20)), RATE)
        last = decibels(np.abs(audio.compress(-20, ratio, knee_db=knee).to_numpy()[-1]))
        assert last == pytest.approx(level - bent(level + 20, 1 - 1 / ratio, knee), abs=0.01)
        if ratio < 20 and level >= -35:
            last = decibels(np.abs(audio.expand(-20, ratio, knee_db=knee).to_numpy()[-1]))
            assert last == pytest.approx(level - bent(-20 - level, ratio - 1, knee), abs=0.02)


@pytest.mark.parametrize("name", ["compress", "expand"])
@pytest.mark.parametrize("knee", [5e-324, 1e-300, 1e-160, 1e-9])
def test_a_knee_of_next_to_nothing_is_an_edge(name, knee):
    audio = make_audio(np.random.default_rng(3).uniform(-1, 1, 3_000), RATE)
    found, edge = (getattr(audio, name)(-6, knee_db=width).to_numpy() for width in (knee, 0))
    assert np.allclose(found, edge, rtol=1e-9, atol=0)


def test_times_are_those_of_63_percent():
    samples = np.full(2 * RATE, 1.0)
    samples[RATE:] = 1e-4
    audio = make_audio(samples, RATE)
    found = decibels(audio.compress(-20, 2, attack_ms=20, release_ms=50, knee_db=0).to_numpy())
    attack, release = round(0.020 * RATE), round(0.050 * RATE)
    assert found[attack - 1] == pytest.approx(-10 * (1 - 1 / math.e), abs=1e-6)
    assert found[RATE + release - 1] + 80 == pytest.approx(-10 / math.e, abs=1e-6)


def test_a_gate_opens_holds_and_closes():
    samples = np.full(RATE, 1e-3)
    samples[1_000:2_000] = 0.5
    found = make_audio(samples, RATE).gate(-40, hold_ms=100, range_db=40).to_numpy()
    gains = decibels(found) - decibels(samples)
    assert gains[:1_000] == pytest.approx(-40)
    assert gains[1_100:2_800] == pytest.approx(0, abs=1e-3)
    assert gains[2_810] < -0.1
    assert gains[-1] == pytest.approx(-40, abs=0.1)


# -- limiters --


def ceiling_of(ceiling_db, dtype):
    """The largest number of the type that is not past the ceiling."""
    exact = 10 ** (ceiling_db / 20)
    if dtype == "float64":
        # The last bit of the power is the library's own.
        return exact * (1 + 4e-16)
    if dtype == "float32":
        nearest = np.float32(exact)
        return np.nextafter(nearest, np.float32(0)) if nearest > exact else nearest
    return math.floor(exact * {"int16": 2**15, "int32": 2**31}[dtype])


@given(
    st.integers(0, 2**32),
    st.sampled_from(["float32", "float64", "int16", "int32"]),
    st.floats(-60, 0),
    st.floats(0, 20),
    st.floats(0, 200),
    st.floats(0.01, 30),
)
@settings(max_examples=60)
@example(1, "float32", -1.0, 5.0, 50.0, 1e30)
@example(1, "int16", -0.1, 0.0, 0.0, 1.0)
def test_nothing_is_past_the_ceiling(seed, dtype, ceiling_db, lookahead_ms, release_ms, loud):
    random = np.random.default_rng(seed)
    samples = random.standard_normal((2, 1_500)) * random.uniform(0, loud, 1_500)
    if dtype.startswith("int"):
        audio = make_audio(np.clip(samples, -1, 1), RATE).convert(dtype)
    else:
        audio = make_audio(samples.astype(dtype), RATE)
    found = audio.limit(ceiling_db, lookahead_ms=lookahead_ms, release_ms=release_ms).to_numpy()
    assert found.dtype == dtype
    assert np.all(np.isfinite(found))
    ceiling = ceiling_of(ceiling_db, dtype)
    assert np.abs(found.astype("float64")).max() <= ceiling
    # Signs stay, and no sample grows.
    before = audio.to_numpy()
    assert np.all(np.abs(found.astype("float64")) <= np.abs(before.astype("float64")))
    assert np.all(np.sign(found) * np.sign(before) >= 0)


@given(
    st.integers(0, 2**32),
    st.sampled_from(["float32", "float64", "int16", "int32"]),
    st.floats(0, 20),
)
@settings(max_examples=30)
def test_what_is_nowhere_past_the_ceiling_stays_as_it_is(seed, dtype, lookahead_ms):
    samples = np.random.default_rng(seed).uniform(-1, 1, (2, 1_000)) * 10 ** (-3 / 20)
    audio = make_audio(samples, RATE).convert(dtype)
    for ceiling_db in (-2.999, -1.0, 0.0):
        found = audio.limit(ceiling_db, lookahead_ms=lookahead_ms)
        assert found.to_numpy().tobytes() == audio.to_numpy().tobytes()


def test_the_lowest_integer_is_full_scale():
    audio = make_audio(np.array([-32_768, 32_767, 0], "int16"), RATE)
    assert audio.limit(0).to_numpy().tolist() == [-32_768, 32_767, 0]
    assert np.abs(audio.limit(-0.0001).to_numpy().astype(int)).max() == 32_767


def test_far_from_a_peak_samples_are_as_they_were():
    samples = np.random.default_rng(5).uniform(-0.5, 0.5, 20_000)
    samples[8_000] = -4
    found = make_audio(samples, RATE).limit(-1, lookahead_ms=5, release_ms=10).to_numpy()
    changed = np.flatnonzero(found != samples)
    # From the look-ahead before the peak, until the release is over.
    assert changed[0] == 8_000 - 40
    assert 8_400 < changed[-1] < 8_040 + 23 * 80
    assert found[8_000] == pytest.approx(-(10 ** (-1 / 20)), rel=1e-11)


def test_the_look_ahead_is_bounded():
    audio = AudioSamples.zeros(10, 4_000_000_000)
    with pytest.raises(ValueError, match=r"4000000 frames at 4000000000 Hz, more than 1048575"):
        audio.limit(lookahead_ms=1)


# -- all --


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_every_split_gives_the_same(name, dtype):
    kind, options = METHODS[name]
    audio = make_audio(noise((2, 9_001)), RATE).convert(dtype)
    whole = getattr(audio, name)(**options).to_numpy()
    assert not np.array_equal(whole, audio.to_numpy())
    processor = kind(**options)
    assert np.array_equal(audio.apply(processor).to_numpy(), whole)
    for size in (1, 7, 64, 1_000, 4_095, 9_001, 20_000):
        blocks = processor.stream(audio[at : at + size] for at in range(0, len(audio), size))
        if size == 1:
            blocks = processor.stream(audio[at : at + 1] for at in range(300))
            found = np.concatenate([np.asarray(block) for block in blocks], axis=1)
            head = getattr(audio[:300], name)(**options).to_numpy()
            assert np.array_equal(found, head)
            continue
        found = np.concatenate([np.asarray(block) for block in blocks], axis=1)
        assert np.array_equal(found, whole), size


@pytest.mark.parametrize("name", METHODS)
def test_in_place_is_the_same_and_a_processor_begins_anew(name):
    kind, options = METHODS[name]
    audio = make_audio(noise(5_000).astype("float32"), RATE)
    whole = getattr(audio, name)(**options).to_numpy()
    processor = kind(**options)
    processor.process(audio)
    processor.reset()
    again = [np.asarray(processor.process(audio)), np.asarray(processor.flush())]
    assert np.array_equal(np.concatenate(again)[-len(whole) :], whole)
    assert processor.latency == 0
    copy = make_audio(audio.to_numpy(), RATE)
    assert getattr(copy, f"{name}_inplace")(**options) is copy
    assert np.array_equal(copy.to_numpy(), whole)


def test_a_limiter_lags_by_its_look_ahead():
    limiter = dsp.Limiter(lookahead_ms=10)
    block = limiter.process(make_audio(np.full(200, 0.5), RATE)).to_numpy()
    assert limiter.latency == 80
    assert block.tolist() == [0.0] * 80 + [0.5] * 120
    assert limiter.flush().to_numpy().tolist() == [0.5] * 80


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_no_number_is_silence_to_them(name, dtype):
    _, options = METHODS[name]
    samples = noise((2, 4_000)).astype(dtype)
    samples[1, 700:720] = 0
    expected = getattr(make_audio(samples, RATE), name)(**options).to_numpy()
    spoiled = samples.copy()
    spoiled[1, 700:720] = math.nan
    found = getattr(make_audio(spoiled, RATE), name)(**options).to_numpy()
    assert np.all(np.isnan(found[1, 700:720]))
    found[1, 700:720] = 0
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("huge", [math.inf, -math.inf, 3e38])
def test_what_is_infinite_passes(name, dtype, huge):
    """The gain is a number throughout, and comes back."""
    _, options = METHODS[name]
    samples = noise(3 * RATE).astype(dtype)
    expected = getattr(make_audio(samples, RATE), name)(**options).to_numpy()
    samples[RATE // 2] = huge
    found = getattr(make_audio(samples, RATE), name)(**options).to_numpy()
    assert not np.any(np.isnan(found))
    assert np.sign(found[RATE // 2]) == np.sign(huge)
    np.testing.assert_allclose(found[2 * RATE :], expected[2 * RATE :], atol=1e-4)


def test_what_is_infinite_is_as_loud_as_anything():
    """Louder, it would take longer to come back from than the largest float32."""
    samples = np.full(RATE, 1e-3)
    curves = []
    for huge in (1e40, 1e300, math.inf):
        samples[100] = huge
        curves.append(dsp.Compressor(-20, 4).gain_curve(make_audio(samples, RATE)))
    assert np.allclose(curves, curves[0], rtol=1e-9)
    assert curves[0].min() > -0.75 * 820


def test_a_reduction_has_an_end():
    """It would halve until the smallest numbers, which are slow."""
    samples = np.full(3 * RATE, 1e-3)
    samples[:100] = 1
    curve = dsp.Compressor(-20, 4, release_ms=20).gain_curve(make_audio(samples, RATE))
    assert curve[100] < -1
    assert curve[RATE] == 0


@pytest.mark.parametrize("name", METHODS)
def test_integers_are_fractions_of_full_scale(name):
    _, options = METHODS[name]
    audio = make_audio(noise(3_000), RATE).convert("int16")
    found = getattr(audio, name)(**options).to_numpy().astype(float)
    exact = getattr(audio.convert("float64"), name)(**options).to_numpy() * 2**15
    assert np.abs(found - exact).max() <= (1.5 if name == "limit" else 0.5)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("frames", [0, 1, 300, 9_001])
def test_a_curve_has_the_gain_of_each_frame(name, frames):
    kind, options = METHODS[name]
    audio = make_audio(noise((2, frames)), RATE)
    curve = kind(**options).gain_curve(audio)
    assert (curve.shape, curve.dtype) == ((frames,), np.float64)
    assert np.all(curve <= 0)
    found = getattr(audio, name)(**options).to_numpy()
    np.testing.assert_allclose(audio.to_numpy() * 10 ** (curve / 20), found, rtol=0, atol=1e-12)


# -- sidechains --


@pytest.mark.parametrize("name", ["compress", "expand", "gate"])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_a_sidechain_decides(name, dtype):
    kind, options = METHODS[name]
    music = make_audio(np.random.default_rng(7).uniform(-0.5, 0.5, (3, 9_001)), RATE)
    voice = make_audio(noise((2, 9_001)), RATE).convert(dtype)
    found = getattr(music, name)(**options, sidechain=voice)
    curve = kind(**options).gain_curve(voice)
    expected = music.to_numpy() * 10 ** (curve / 20)
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=0, atol=1e-12)
    copy = make_audio(music.to_numpy(), RATE)
    assert getattr(copy, f"{name}_inplace")(**options, sidechain=voice) is copy
    assert np.array_equal(copy.to_numpy(), found.to_numpy())
    own = getattr(music, name)(**options, sidechain=music).to_numpy()
    assert np.array_equal(own, getattr(music, name)(**options).to_numpy())


@pytest.mark.parametrize("name", ["compress", "expand", "gate"])
def test_a_sidechain_is_alike_and_elsewhere(name):
    audio = make_audio(noise((2, 500)), RATE)
    method, twin = getattr(audio, name), getattr(audio, f"{name}_inplace")
    for other, message in [
        (AudioSamples.zeros(499, RATE), "499 frames at 8000 Hz, and this audio 500 at 8000 Hz"),
        (AudioSamples.zeros(500, 8_001), "500 frames at 8001 Hz, and this audio 500 at 8000 Hz"),
    ]:
        for call in (method, twin):
            with pytest.raises(ValueError, match=message):
                call(sidechain=other)
    with pytest.raises(ValueError, match="the sidechain lies in the samples"):
        twin(sidechain=audio.channel(1))
    with pytest.raises(ValueError, match="read-only"):
        getattr(audio.as_readonly(), f"{name}_inplace")(sidechain=AudioSamples.zeros(500, RATE))
    assert np.array_equal(audio.to_numpy(), noise((2, 500)))


def test_channels_keep_their_place():
    samples = noise((2, 3_000))
    samples[1] = 0.25 * samples[0]
    for name, (_, options) in METHODS.items():
        found = getattr(make_audio(samples, RATE), name)(**options).to_numpy()
        np.testing.assert_allclose(found[1], 0.25 * found[0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("compress", {"ratio": 0.5}, r"ratio must be from 1 to inf, not 0\.5"),
        ("compress", {"ratio": math.nan}, r"ratio must be from 1 to inf, not NaN"),
        ("compress", {"threshold_db": math.inf}, r"threshold_db must be from -200 to 200 dBFS"),
        ("compress", {"threshold_db": math.nan}, r"threshold_db must be from -200 to 200 dBFS"),
        ("compress", {"attack_ms": -1}, r"attack_ms must be from 0 to 10000 ms, not -1"),
        ("compress", {"release_ms": 10_001}, r"release_ms must be from 0 to 10000 ms, not 10001"),
        ("compress", {"knee_db": -1}, r"knee_db must be from 0 to 200 dB, not -1"),
        ("expand", {"ratio": math.inf}, r"ratio must be from 1 to 1000, not inf"),
        ("expand", {"attack_ms": math.nan}, r"attack_ms must be from 0 to 10000 ms, not NaN"),
        ("gate", {"hold_ms": math.inf}, r"hold_ms must be from 0 to 10000 ms, not inf"),
        ("gate", {"range_db": -3}, r"range_db must be from 0 to 200 dB, not -3"),
        ("limit", {"ceiling_db": 0.5}, r"ceiling_db must be from -200 to 0 dBFS, not 0\.5"),
        ("limit", {"lookahead_ms": 1_001}, r"lookahead_ms must be from 0 to 1000 ms, not 1001"),
        ("limit", {"release_ms": -0.1}, r"release_ms must be from 0 to 10000 ms, not -0\.1"),
    ],
)
def test_bad_numbers_are_named_with_their_range(name, options, message):
    audio = make_audio(noise(100), RATE)
    for call in (getattr(audio, name), getattr(audio, f"{name}_inplace"), METHODS[name][0]):
        with pytest.raises(ValueError, match=message):
            call(**options)
    with pytest.raises(TypeError, match=f"{next(iter(options))} must be a number, not 'much'"):
        getattr(audio, name)(**{next(iter(options)): "much"})
    assert np.array_equal(audio.to_numpy(), noise(100))
