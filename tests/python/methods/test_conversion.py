"""Conversion: the error that dither leaves, G.711 by soundfile, functions of others."""

import io

import numpy as np
import pytest
import soundfile
from scipy import signal
from signals import make_audio, mono

import audio_samples
from audio_samples import AudioSamples, dsp

RATE = 44_100


def quiet_tone(frames=2_000_000, level=2.5):
    """A sine of a few steps of 16 bits."""
    return level / 32_768 * np.sin(2 * np.pi * 997 * np.arange(frames) / RATE)


def error_of(audio, exact):
    return audio.to_numpy().astype("float64") - exact * 32_768


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_error_of_tpdf_is_noise(dtype):
    samples = quiet_tone().astype(dtype)
    audio = AudioSamples.new_mono(samples, RATE)
    error = error_of(audio.convert("int16", dither="tpdf", seed=1), samples.astype("float64"))
    assert abs(error.mean()) < 2e-3
    assert error.var() == pytest.approx(0.25, abs=2e-3)
    assert abs(np.corrcoef(error, samples)[0, 1]) < 3e-3
    # Its power does not follow the signal either: that of uniform dither would.
    assert abs(np.corrcoef(error**2, samples**2)[0, 1]) < 3e-3
    assert abs(np.corrcoef(error[1:], error[:-1])[0, 1]) < 3e-3
    plain = error_of(audio.convert("int16"), samples.astype("float64"))
    assert np.abs(plain).max() <= 0.5
    # A tone below half a step is not lost.
    faint = AudioSamples.new_mono(quiet_tone(level=0.3).astype(dtype), RATE)
    assert not faint.convert("int16").to_numpy().any()
    kept = faint.convert("int16", "tpdf", seed=2).to_numpy().astype(float)
    assert np.corrcoef(kept, faint.to_numpy())[0, 1] > 0.3


def test_shaped_dither_moves_the_error_up():
    samples = quiet_tone(400_000)
    audio = AudioSamples.new_mono(samples, RATE)
    spectra = {}
    for kind in ("tpdf", "shaped"):
        at, power = signal.welch(error_of(audio.convert("int16", kind, seed=1), samples), RATE)
        spectra[kind] = power
    heard = (at > 2_500) & (at < 4_500)
    gain = 10 * np.log10(spectra["shaped"][heard].mean() / spectra["tpdf"][heard].mean())
    assert gain < -15
    assert spectra["shaped"][at > 15_000].mean() > 10 * spectra["tpdf"][at > 15_000].mean()


@pytest.mark.parametrize("kind", ["tpdf", "shaped"])
def test_a_seed_gives_the_same_noise_whatever_lies_how(kind):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 70_000)).astype("float32")
    audio = make_audio(samples, RATE)
    expected = audio.convert("int16", kind, seed=7).to_numpy()
    assert np.array_equal(audio.convert("int16", kind, seed=7).to_numpy(), expected)
    assert not np.array_equal(audio.convert("int16", kind, seed=8).to_numpy(), expected)
    assert not np.array_equal(
        audio.convert("int16", kind).to_numpy(), audio.convert("int16", kind).to_numpy()
    )
    assert not np.array_equal(
        *(make_audio(samples[[0, 0]], RATE).convert("int16", kind).to_numpy())
    )
    interleaved = AudioSamples.from_numpy(
        np.ascontiguousarray(samples.T), RATE, layout="frames_first"
    )
    assert np.array_equal(interleaved.convert("int16", kind, seed=7).to_numpy(), expected)
    before = audio_samples.num_threads()
    try:
        audio_samples.set_num_threads(1)
        assert np.array_equal(audio.convert("int16", kind, seed=7).to_numpy(), expected)
    finally:
        audio_samples.set_num_threads(before)
    out = AudioSamples.zeros((2, 70_000), RATE, dtype="int16")
    assert audio.convert("int16", kind, seed=7, out=out) is out
    assert np.array_equal(out.to_numpy(), expected)
    for size in (1_000, 65_536):
        blocks = dsp.Dither(16, kind, seed=7).stream(
            audio[at : at + size] for at in range(0, 70_000, size)
        )
        found = np.concatenate([np.asarray(block) for block in blocks], axis=1)
        assert np.array_equal(found * 32_768, expected)


def test_other_conversions():
    wide = make_audio(np.array([1 << 15, 3 << 15, -(1 << 15), 2**31 - 1], "int32"), RATE)
    assert wide.convert("int16").to_numpy().tolist() == [0, 2, 0, 32_767]
    dithered = wide[:1].repeat(1_000).convert("int16", "tpdf", seed=3).to_numpy()
    assert set(dithered.tolist()) == {0, 1}
    assert dithered.mean() == pytest.approx(0.5, abs=0.05)
    full = AudioSamples.new_mono(np.ones(1_000), RATE).convert("int16", "tpdf", seed=1)
    assert full.to_numpy().max() == 32_767
    floats = mono([0.5])
    assert floats.convert("float32", out=AudioSamples.zeros(1, RATE, dtype="float32"))[0] == 0.5
    single = floats.convert("float32")
    for call, said in (
        (lambda: single.apply(dsp.Dither(25)), "float32 holds 24 bits"),
        (lambda: floats.convert("float32", "tpdf"), "from float64 to float32 nothing is rounded"),
        (lambda: floats.convert("int16").convert("int32", "tpdf"), "nothing is rounded"),
        (lambda: floats.convert("int16", "noise"), "'tpdf' or 'shaped', not 'noise'"),
        (lambda: floats.convert("int16", seed=1), "seed= is that of dither"),
        (lambda: floats.convert("int16", out=floats), "out is float64, and int16 was asked for"),
        (lambda: floats.convert("float64", out=mono([1.0, 2.0])), r"shape \[2\]"),
        (lambda: dsp.Dither(33), "2 to 32 bits, not 33"),
    ):
        with pytest.raises(ValueError, match=said):
            call()


@pytest.mark.parametrize("kind", ["tpdf", "shaped"])
def test_numbers_that_are_none_become_0_and_spoil_nothing_else(kind):
    samples = np.full(3_000, 0.25)
    clean = AudioSamples.new_mono(samples, RATE).convert("int16", kind, seed=1).to_numpy()
    samples[[100, 200]] = np.nan, np.inf
    found = AudioSamples.new_mono(samples, RATE).convert("int16", kind, seed=1).to_numpy()
    assert (found[100], found[200]) == (0, 32_767)
    assert np.array_equal(found[:100], clean[:100])
    assert np.abs(found[300:] - 8_192).max() < 20


@pytest.mark.parametrize(("name", "subtype"), [("mu_law", "ULAW"), ("a_law", "ALAW")])
def test_the_laws_of_telephones_are_those_of_soundfile(name, subtype):
    every = np.arange(-32_768, 32_768).astype("int16")
    file = io.BytesIO()
    soundfile.write(file, every, 8_000, subtype, format="RAW")
    stored = np.frombuffer(file.getvalue(), "uint8")
    found = getattr(make_audio(every, 8_000), name)()
    assert (found.dtype, found.shape) == (np.uint8, every.shape)
    back = getattr(AudioSamples, f"from_{name}")
    file = io.BytesIO(bytes(range(256)))
    expanded, _ = soundfile.read(
        file, samplerate=8_000, channels=1, subtype=subtype, format="RAW", dtype="int16"
    )
    assert np.array_equal(back(bytes(range(256)), 8_000).to_numpy(), expanded)
    # libsndfile drops the lowest bits before it looks for the step: half a step at most.
    ours, theirs = back(found, 8_000).to_numpy(), back(stored, 8_000).to_numpy()
    wide = every.astype(int)
    assert np.abs(ours - wide).max() <= np.abs(theirs - wide).max()
    assert np.mean(ours == theirs) > 0.9
    stereo = make_audio(np.stack([every, every[::-1]]), 8_000)
    twice = back(getattr(stereo, name)(), 8_000)
    assert twice.shape == stereo.shape
    # A law may have two bytes for 0.
    assert np.array_equal(back(getattr(twice, name)(), 8_000).to_numpy(), twice.to_numpy())
    for wrong in (np.zeros(3), "abc", np.zeros((1, 1, 1), "uint8")):
        with pytest.raises(TypeError, match="array of uint8"):
            back(wrong, 8_000)


def test_clip_where_it_lies():
    audio = mono([-2.0, 0.25, 3.0])
    view = audio.to_numpy()
    assert audio.clip_inplace(-1, 1) is audio
    assert view.tolist() == [-1.0, 0.25, 1.0]


def stereo():
    return make_audio(np.random.default_rng(4).uniform(-1, 1, (2, 4_410)), RATE)


def test_functions_of_others_work_on_the_samples():
    audio = stereo()
    assert np.array_equal(audio.pipe(np.abs).to_numpy(), np.abs(audio.to_numpy()))
    smooth = audio.pipe(signal.savgol_filter, 11, 3)
    assert isinstance(smooth, AudioSamples)
    assert np.allclose(smooth.to_numpy(), signal.savgol_filter(audio.to_numpy(), 11, 3))
    halved = audio.pipe(signal.resample_poly, 1, 2, axis=-1, new_rate=22_050)
    assert (halved.sample_rate, halved.shape) == (22_050, (2, 2_205))
    envelope = audio.pipe(lambda x: np.abs(signal.hilbert(x)))
    assert envelope.shape == audio.shape
    # What is no audio comes back as it is.
    assert audio.pipe(np.max) == audio.to_numpy().max()
    assert audio.pipe(np.fft.rfft).dtype == np.complex128
    assert isinstance(audio.pipe(lambda _: np.zeros((13, 40))), np.ndarray)
    assert audio.pipe(lambda x: (x, 1))[1] == 1
    assert isinstance(audio.pipe(np.mean, axis=1), np.ndarray)
    assert audio.pipe(lambda x: x.mean(axis=0)).shape == (4_410,)


def test_the_axis_and_the_rate_are_named():
    audio = stereo()
    seen = []

    def look(x, *, sr):
        seen.append((x.shape, sr, np.shares_memory(x, audio)))
        return x[:100] * 0.5

    part = audio.pipe(look, rate_as="sr", layout="frames_first")
    assert seen == [((4_410, 2), RATE, True)]
    assert part.shape == (2, 100)
    assert np.array_equal(part.to_numpy(), audio.to_numpy()[:, :100] * 0.5)
    assert audio.channel(0).pipe(look, rate_as="sr", layout="frames_first").shape == (100,)

    def halve(x):
        x *= 0.5
        return x

    before = audio.to_numpy().copy()
    same = audio.pipe(halve)
    assert np.array_equal(audio.to_numpy(), before * 0.5)
    assert np.shares_memory(same, audio)
    with pytest.raises(TypeError, match="given twice"):
        audio.pipe(look, rate_as="sr", sr=1)
    with pytest.raises(TypeError, match="pipe takes a function"):
        audio.pipe("hilbert")
    with pytest.raises(ValueError, match="'frames_first', not 'rows'"):
        audio.pipe(np.abs, layout="rows")
    with pytest.raises(ZeroDivisionError):
        audio.pipe(lambda _: 1 / 0)
