"""Cut and join: slices and `np.concatenate` are the oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals import make_audio, read_only

import audio_samples
from audio_samples import AudioSamples, BorrowError, SampleRateError

RATE = 1_000
TYPES = ["int16", "int32", "float32", "float64"]


def noise(dtype="float32", shape=(2, 5_000), seed=1):
    values = np.random.default_rng(seed).uniform(-0.9, 0.9, shape)
    return (values * {"int16": 2**15, "int32": 2**31}.get(dtype, 1)).astype(dtype)


def sound(*parts):
    """Ones and zeros: `parts` are numbers of frames, of silence and of sound in turn."""
    return np.concatenate([np.full(count, float(turn % 2)) for turn, count in enumerate(parts)])


def places(audio, parts):
    """The frames of parts, which lie in the audio's own memory."""
    step = audio.strides[-1]
    starts = [(part.address - audio.address) // step for part in parts]
    return [(start, start + len(part)) for start, part in zip(starts, parts, strict=True)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, (0, 5_000)),
        (1.5, 3, (1_500, 3_000)),
        (-2, None, (3_000, 5_000)),
        (0.25, -0.5, (250, 4_500)),
        (5, 5, (5_000, 5_000)),
    ],
)
def test_trim_is_a_view(start, end, expected):
    audio = make_audio(noise(), RATE)
    part = audio.trim(start, end)
    assert np.array_equal(part.to_numpy(), audio.to_numpy()[:, slice(*expected)])
    if len(part):
        assert np.shares_memory(part, audio)
        part *= 0
        assert not audio.to_numpy()[:, slice(*expected)].any()


def test_times_outside_are_refused():
    audio = make_audio(noise(), RATE)
    with pytest.raises(ValueError, match=r"5.001 s is outside audio of 5 s"):
        audio.trim(5.001)
    with pytest.raises(ValueError, match=r"the end, frame 1000, is before the start, frame 2000"):
        audio.trim(2, 1)
    with pytest.raises(ValueError, match="outside"):
        audio.trim(-6)
    with pytest.raises(ValueError, match="at least one frame"):
        audio.split(frames=0)


def test_split_gives_all_of_it():
    audio = make_audio(noise(), RATE)
    parts = audio.split(0.7)
    assert [len(part) for part in parts] == [700] * 7 + [100]
    assert np.array_equal(np.concatenate([np.asarray(part) for part in parts], axis=1), audio)
    assert all(np.shares_memory(part, audio) for part in parts)
    assert AudioSamples.zeros(0, RATE).split(1) == []


def test_silences_are_found():
    samples = sound(500, 300, 1_000, 200, 250)
    audio = AudioSamples.new_mono(samples, RATE)
    assert audio.silences() == [(0, 500), (800, 1_800)]
    assert audio.silences(min_silence=0.25) == [(0, 500), (800, 1_800), (2_000, 2_250)]
    assert places(audio, audio.split_silence()) == [(400, 900), (1_700, 2_250)]
    assert places(audio, audio.split_silence(keep=10)) == [(0, 1_300), (1_300, 2_250)]
    assert places(audio, audio.split_silence(keep=0)) == [(500, 800), (1_800, 2_250)]
    assert places(audio, [audio.trim_silence()]) == [(500, 2_000)]
    assert places(audio, [audio.trim_silence(keep=0.1)]) == [(400, 2_100)]
    silence = AudioSamples.zeros((2, 900), RATE)
    assert silence.trim_silence().shape == (2, 0)
    assert silence.split_silence() == []
    assert silence.silences() == [(0, 900)]


def runs(quiet, least):
    """Runs of True of at least so many, by NumPy."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    pairs = edges.reshape(-1, 2)
    return [(int(a), int(b)) for a, b in pairs if b - a >= least]


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=20),
    st.integers(1, 200),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(TYPES),
    st.integers(0, 1_000),
)
def test_silences_are_those_of_a_comparison(lengths, least, channels, dtype, seed):
    random = np.random.default_rng(seed)
    levels = np.repeat(np.arange(len(lengths)) % 2, lengths)
    values = random.uniform(-1, 1, (channels, levels.size)) * (0.5 * levels + 0.0004)
    scale = {"int16": 2**15, "int32": 2**31}.get(dtype, 1)
    audio = make_audio((values * scale).astype(dtype), RATE, layout="channels_first")
    loudest = np.abs(audio.to_numpy().astype("float64") / scale).max(axis=0, initial=0)
    found = audio.silences(-60, least / RATE)
    assert found == runs(loudest <= 0.001, least)


def test_a_number_that_is_none_is_no_silence():
    samples = np.zeros(1_000)
    samples[400] = np.nan
    audio = AudioSamples.new_mono(samples, RATE)
    assert audio.silences() == [(0, 400), (401, 1_000)]
    with pytest.raises(ValueError, match="not NaN"):
        audio.silences(np.nan)


@pytest.mark.parametrize("dtype", TYPES)
def test_audio_grows_and_shrinks(dtype):
    samples = noise(dtype)
    audio = make_audio(samples, RATE)
    padded = audio.pad(0.25, 0.5).to_numpy()
    assert padded.dtype == dtype
    assert np.array_equal(padded, np.pad(samples, [(0, 0), (250, 500)]))
    assert np.array_equal(audio.fit(2).to_numpy(), samples[:, :2_000])
    assert np.array_equal(audio.fit(frames=6_000).to_numpy(), np.pad(samples, [(0, 0), (0, 1_000)]))
    assert np.array_equal(audio.repeat(3).to_numpy(), np.tile(samples, 3))
    assert audio.repeat(0).shape == (2, 0)
    assert AudioSamples.zeros(0, RATE).repeat(5).shape == (0,)
    assert AudioSamples.zeros(0, RATE).fit(1).shape == (RATE,)


@pytest.mark.parametrize("frames", [0, 1, 2, 9, 5_000, 9_001])
@pytest.mark.parametrize("dtype", TYPES)
def test_backwards_where_it_lies(frames, dtype):
    samples = noise(dtype, (3, frames))
    audio = make_audio(samples, RATE, layout="channels_first")
    assert audio.reverse_inplace() is audio
    assert np.array_equal(audio.to_numpy(), samples[:, ::-1])
    interleaved = AudioSamples.from_numpy(
        np.ascontiguousarray(samples.T), RATE, layout="frames_first"
    )
    assert np.array_equal(interleaved.reverse_inplace().to_numpy(), samples[:, ::-1])


@pytest.mark.parametrize("dtype", TYPES)
def test_pieces_one_after_the_other(dtype):
    samples = noise(dtype)
    audio = make_audio(samples, RATE)
    pieces = [audio, audio[100:200], audio.channel(0), audio[:0]]
    expected = np.concatenate([samples, samples[:, 100:200], samples[[0, 0]]], axis=1)
    assert np.array_equal(audio_samples.concatenate(pieces).to_numpy(), expected)
    out = AudioSamples.zeros(expected.shape, RATE, dtype=dtype)
    assert audio_samples.concatenate(iter(pieces), out=out) is out
    assert np.array_equal(out.to_numpy(), expected)
    mono = audio_samples.concatenate([audio.channel(1), audio.channel(0)])
    assert np.array_equal(mono.to_numpy(), np.concatenate([samples[1], samples[0]]))


def test_types_of_pieces_promote():
    integers, floats = make_audio(noise("int16"), RATE), make_audio(noise("float32"), RATE)
    joined = audio_samples.concatenate([integers, floats])
    assert joined.dtype == np.float32
    assert np.array_equal(joined[:5_000].to_numpy(), integers.convert("float32").to_numpy())


@pytest.mark.parametrize("dtype", TYPES)
def test_a_mix_is_a_sum_that_is_rounded_once(dtype):
    one, two = noise(dtype), noise(dtype, (2, 700), 2)
    gains = [0.0, -6.0]
    exact = one.astype("float64")
    exact[:, :700] += two.astype("float64") * 10 ** (-6 / 20)
    found = audio_samples.mix([make_audio(one, RATE), make_audio(two, RATE)], gains_db=gains)
    if dtype.startswith("i"):
        limits = np.iinfo(dtype)
        expected = np.clip(np.rint(exact), limits.min, limits.max).astype(dtype)
        assert np.abs(found.to_numpy().astype("int64") - expected).max() <= 1
        assert found.to_numpy().max() == limits.max
    else:
        assert np.abs(found.to_numpy() - exact.astype(dtype)).max() <= 1e-7
    assert np.array_equal(audio_samples.mix([make_audio(one, RATE)]).to_numpy(), one)


@pytest.mark.parametrize(
    ("curve", "power"), [("linear", 1), ("equal_power", 2), ("raised_cosine", 1)]
)
def test_a_crossfade_keeps_the_sum_or_the_power(curve, power):
    ones, zeros = AudioSamples.new_mono(np.ones(100), RATE), AudioSamples.zeros(100, RATE)
    falling = ones.crossfade(zeros, 0.05, curve=curve).to_numpy()
    rising = zeros.crossfade(ones, frames=50, curve=curve).to_numpy()
    assert len(falling) == 150
    assert np.allclose(falling**power + rising**power, 1, atol=1e-15)
    assert (falling[:51] == 1).all()
    assert (falling[100:] == 0).all()
    assert (rising[100:] == 1).all()


def test_a_crossfade_keeps_what_is_outside():
    one, two = make_audio(noise(), RATE), make_audio(noise(seed=5), RATE)
    joined = one.crossfade(two, 1.0).to_numpy()
    assert joined.shape == (2, 9_000)
    assert np.array_equal(joined[:, :4_000], one.to_numpy()[:, :4_000])
    assert np.array_equal(joined[:, 5_000:], two.to_numpy()[:, 1_000:])
    with pytest.raises(ValueError, match="6000 frames does not fit into audio of 5000 frames"):
        one.crossfade(two, 6.0)
    # Frames at block ends are those of one pass.
    gains = np.sin(np.pi / 2 * np.arange(1_000) / 1_000)
    a, b = one.to_numpy()[:, 4_000:].astype(float), two.to_numpy()[:, :1_000].astype(float)
    expected = a * np.cos(np.pi / 2 * np.arange(1_000) / 1_000) + b * gains
    assert np.abs(joined[:, 4_000:5_000] - expected).max() < 1e-6


@pytest.mark.parametrize("dtype", TYPES)
def test_an_overlay_adds_where_it_is_laid(dtype):
    samples, other = noise(dtype), noise(dtype, (500,), 3)
    samples //= 4 if dtype.startswith("i") else 1
    audio, over = make_audio(samples.astype(dtype), RATE), make_audio(other, RATE)
    exact = audio.to_numpy().astype("float64")
    exact[:, 1_000:1_500] += other.astype("float64") * 10 ** (-9 / 20)
    found = audio.overlay(over, at=1, gain_db=-9)
    step = 1 if dtype.startswith("i") else 1e-7
    assert np.abs(found.to_numpy().astype("float64") - exact).max() <= step
    with audio[:1_000].borrow(), audio[1_500:].borrow():
        assert audio.overlay_inplace(over, 1, -9) is audio
    assert np.array_equal(audio.to_numpy(), found.to_numpy())


def test_an_overlay_of_its_own_samples_is_as_if_copied():
    samples = noise("float64")
    audio = make_audio(samples, RATE)
    audio.overlay_inplace(audio[:-1_000], at=1)
    expected = samples.copy()
    expected[:, 1_000:] += samples[:, :-1_000]
    assert np.allclose(audio.to_numpy(), expected, atol=1e-15)


def test_what_does_not_fit_is_refused_and_nothing_changes():
    samples = noise()
    audio = make_audio(samples, RATE)
    for call, error, said in (
        (lambda: audio.overlay(audio, 1), ValueError, r"at frame 1000 .* other\[:4000\]"),
        (lambda: audio.channel(0).overlay(audio), ValueError, r"other.to_mono\(\)"),
        (lambda: read_only(audio).overlay_inplace(audio), ValueError, "read-only"),
        (lambda: read_only(audio).reverse_inplace(), ValueError, "read-only"),
        (lambda: audio_samples.concatenate([]), ValueError, "at least one piece"),
        (lambda: audio_samples.concatenate(audio), TypeError, r"such as \[one, two\]"),
        (lambda: audio_samples.concatenate([audio, 3]), TypeError, "not 3"),
        (lambda: audio_samples.concatenate([audio], out=audio), ValueError, "overlaps"),
        (lambda: audio_samples.mix([audio], gains_db=[1, 2]), ValueError, "2 gains for 1"),
        (
            lambda: audio_samples.mix([audio, AudioSamples.zeros(9, 8_000)]),
            SampleRateError,
            "8000",
        ),
        (
            lambda: audio_samples.mix([audio, AudioSamples.zeros((3, 9), RATE)]),
            ValueError,
            "audio 0 has 2 channels, and another 3",
        ),
    ):
        with pytest.raises(error, match=said):
            call()
    with audio.borrow_mut(), pytest.raises(BorrowError):
        audio_samples.concatenate([audio, audio])
    with audio.borrow(), pytest.raises(BorrowError):
        audio.reverse_inplace()
    assert np.array_equal(audio.to_numpy(), samples)


def test_silence_is_at_most_the_threshold_not_its_neighbour():
    for db in range(-120, 0):
        exact = 10 ** (db / 20)
        near = np.float32(exact)
        for value in (near, np.nextafter(near, np.float32(1)), np.nextafter(near, np.float32(0))):
            audio = AudioSamples.from_numpy(np.full(2_000, value, "float32"), 8_000)
            silent = audio.silences(db, min_silence=0.1)
            assert bool(silent) == (float(value) <= exact)
