"""Filters: SciPy is the oracle of their sections, and of every bit that they give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from signals import make_audio

from audio_samples import AudioSamples, dsp

RATE = 48_000
KINDS = {
    "butterworth": ("butter", {}),
    "chebyshev1": ("cheby1", {"ripple_db": 1.0}),
    "chebyshev2": ("cheby2", {"attenuation_db": 60.0}),
    "elliptic": ("ellip", {"ripple_db": 0.5, "attenuation_db": 70.0}),
    "bessel": ("bessel", {}),
}
BANDS = {
    "lowpass": 1000.0,
    "highpass": 3000.0,
    "bandpass": (500.0, 4000.0),
    "bandstop": (1000.0, 2000.0),
}


def scipys(order, band, hz, kind, rate=RATE):
    name, options = KINDS[kind]
    ripple, attenuation = options.get("ripple_db"), options.get("attenuation_db")
    return signal.iirfilter(
        order, hz, rp=ripple, rs=attenuation, btype=band, ftype=name, fs=rate, output="sos"
    )


def noise(dtype="float64", shape=(2, 9_001), seed=7):
    values = np.random.default_rng(seed).uniform(-0.5, 0.5, shape)
    scale = {"int16": 2**15, "int32": 2**31}.get(dtype, 1)
    return (values * scale).astype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 7, 8, 12])
def test_sections_are_those_of_scipy(kind, band, order):
    found = dsp.design(band, BANDS[band], RATE, order, kind, **KINDS[kind][1])
    expected = scipys(order, band, BANDS[band], kind)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= (1e-12 if order < 10 else 1e-11)


@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 8),
    st.floats(0.01, 0.4),
    st.floats(1.2, 2.2),
    st.sampled_from(sorted(BANDS)),
)
@settings(max_examples=60)
def test_responses_are_those_of_scipy(kind, order, low, spread, band):
    """Where sections are paired by a hair, the pairs may be others: the response is not."""
    low = low * RATE
    hz = low if band in ("lowpass", "highpass") else (low, low + (spread - 1) * 0.08 * RATE)
    found = dsp.design(band, hz, RATE, order, kind, **KINDS[kind][1])
    expected = scipys(order, band, hz, kind)
    at = np.linspace(0.001, np.pi - 0.001, 300)
    one, other = signal.sosfreqz(found, at)[1], signal.sosfreqz(expected, at)[1]
    assert np.abs(one - other).max() <= 1e-7


@pytest.mark.parametrize("sections", [1, 2, 3, 4, 5, 6, 7, 8, 9, 11])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 2, 5, 7, 8, 3_000])
def test_the_bits_are_those_of_sosfilt(sections, channels, frames):
    sos = signal.butter(2 * sections, [800, 5_000], "bandpass", fs=RATE, output="sos")[:sections]
    samples = noise(shape=(channels, frames))
    audio = make_audio(samples, RATE, layout="channels_first")
    expected = signal.sosfilt(sos, samples)
    assert np.array_equal(audio.filter(sos).to_numpy(), expected)
    assert audio.filter_inplace(sos.tolist()) is audio
    assert np.array_equal(audio.to_numpy(), expected)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_other_types_are_computed_in_float64_and_rounded_once(dtype):
    samples = noise(dtype)
    sos = signal.butter(4, 20, "highpass", fs=RATE, output="sos")
    scale = {"int16": 2.0**15, "int32": 2.0**31}.get(dtype, 1.0)
    exact = signal.sosfilt(sos, samples.astype("float64") / scale) * scale
    expected = exact.astype(dtype) if scale == 1 else np.rint(exact).astype(dtype)
    assert np.array_equal(make_audio(samples, RATE).filter(sos).to_numpy(), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("frames", [500, 3_000, 140_000])
def test_zero_phase_is_sosfiltfilt(kind, order, frames):
    sos = scipys(order, "lowpass", 900.0, kind)
    samples = noise(shape=(2, frames))
    expected = signal.sosfiltfilt(sos, samples)
    audio = make_audio(samples, RATE)
    found = audio.filter(sos, zero_phase=True).to_numpy()
    assert np.abs(found - expected).max() <= 1e-12
    # Part by part from the end, without a copy: the same bits.
    assert np.array_equal(audio.filter_inplace(sos, zero_phase=True).to_numpy(), found)


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 10])
def test_zero_phase_of_less_than_its_padding(frames):
    sos = signal.butter(4, 900, fs=RATE, output="sos")
    audio = make_audio(noise(shape=(frames,)), RATE)
    found = audio.filter(sos, zero_phase=True).to_numpy()
    assert np.all(np.isfinite(found))
    if frames > 1:
        expected = signal.sosfiltfilt(sos, audio.to_numpy(), padlen=frames - 1)
        assert np.allclose(found, expected, atol=1e-12)


METHODS = {
    "lowpass": ((900,), lambda: scipys(2, "lowpass", 900.0, "butterworth")),
    "highpass": ((900, 5), lambda: scipys(5, "highpass", 900.0, "butterworth")),
    "bandpass": ((900, 2_000), lambda: scipys(2, "bandpass", (900.0, 2_000.0), "butterworth")),
    "bandstop": ((900, 2_000, 3), lambda: scipys(3, "bandstop", (900.0, 2_000.0), "butterworth")),
    "notch": ((50,), lambda: signal.tf2sos(*signal.iirnotch(50, 30, RATE))),
    "preemphasis": ((), lambda: [[1, -0.97, 0, 1, 0, 0]]),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_their_filters(name):
    args, sos = METHODS[name]
    samples = noise()
    audio = make_audio(samples, RATE)
    expected = signal.sosfilt(np.array(sos(), float), samples)
    found = getattr(audio, name)(*args).to_numpy()
    assert np.abs(found - expected).max() < 1e-11
    assert getattr(audio, f"{name}_inplace")(*args) is audio
    assert np.array_equal(audio.to_numpy(), found)


def gain_at(audio, hz):
    """By how many decibels audio of an impulse is up at a frequency."""
    response = np.fft.rfft(audio.to_numpy())
    return 20 * np.log10(np.abs(response[round(hz * len(audio) / RATE)]))


def impulse():
    samples = np.zeros(RATE)
    samples[0] = 1
    return make_audio(samples, RATE)


def test_bands_of_an_equalizer_have_their_gains():
    peaking = impulse().peaking(1_000, 6, 2)
    assert gain_at(peaking, 1_000) == pytest.approx(6, abs=1e-9)
    assert gain_at(peaking, 20) == pytest.approx(0, abs=0.01)
    low, high = impulse().low_shelf(200, -9), impulse().high_shelf(5_000, 4)
    assert gain_at(low, 1) == pytest.approx(-9, abs=0.01)
    assert gain_at(low, 200) == pytest.approx(-4.5, abs=1e-9)
    assert gain_at(low, 10_000) == pytest.approx(0, abs=0.01)
    assert gain_at(high, 23_990) == pytest.approx(4, abs=0.01)
    assert gain_at(high, 5_000) == pytest.approx(2, abs=1e-9)
    assert gain_at(impulse().notch(1_000), 1_000) < -100
    assert gain_at(impulse().notch(1_000, 10), 1_050) == pytest.approx(-3.0, abs=0.2)
    bands = [("peaking", 1_000, 6, 2), ("low_shelf", 200, -9), ("notch", 50)]
    one_by_one = impulse().peaking(1_000, 6, 2).low_shelf(200, -9).notch(50).to_numpy()
    assert np.allclose(impulse().eq(bands).to_numpy(), one_by_one, atol=1e-14)
    processor = dsp.Equalizer(bands)
    assert np.array_equal(impulse().apply(processor).to_numpy(), impulse().eq(bands).to_numpy())


@pytest.mark.parametrize("size", [1, 7, 480, 65_536])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_every_split_gives_the_same(size, dtype):
    audio = make_audio(noise(dtype), RATE)
    sos = dsp.design("bandpass", (300, 3_400), RATE, 6)
    blocks = dsp.Filter(sos).stream(audio[at : at + size] for at in range(0, len(audio), size))
    found = np.concatenate([np.asarray(block) for block in blocks], axis=1)
    assert np.array_equal(found, audio.filter(sos).to_numpy())


def test_silence_settles_without_denormal_numbers():
    samples = np.zeros(400_000)
    samples[0] = 1
    sos = dsp.design("lowpass", 5_000, RATE, 2)
    found = make_audio(samples, RATE).filter(sos).to_numpy()
    tail = np.abs(found[300_000:])
    assert not np.any((tail > 0) & (tail < np.finfo(float).tiny))
    parts = dsp.Filter(sos).stream(
        make_audio(samples[at : at + 999], RATE) for at in range(0, 400_000, 999)
    )
    assert np.array_equal(np.concatenate([np.asarray(part) for part in parts]), found)


def test_numbers_that_are_none_go_through_as_in_scipy():
    samples = noise(shape=(2, 100))
    samples[0, 50] = np.nan
    sos = dsp.design("lowpass", 5_000, RATE, 4)
    found = make_audio(samples, RATE).filter(sos).to_numpy()
    with np.errstate(all="ignore"):
        assert np.array_equal(found, signal.sosfilt(sos, samples), equal_nan=True)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: a.lowpass(0), "between|above 0 and below half the sample rate, which is 24000"),
        (lambda a: a.lowpass(24_000), "not 24000 Hz"),
        (lambda a: a.bandpass(2_000, 1_000), "2000 Hz is not below 1000 Hz"),
        (lambda a: a.lowpass(10, 0), "order must be from 1"),
        (lambda a: a.lowpass(10, 25), "from 1 to 24, not 25"),
        (lambda a: a.lowpass(10, kind="brick"), "'elliptic' or 'bessel', not 'brick'"),
        (lambda a: a.lowpass(10, kind="chebyshev1"), "takes ripple_db= and no attenuation_db="),
        (lambda a: a.lowpass(10, ripple_db=1), "takes neither ripple_db="),
        (lambda a: a.lowpass(10, kind="chebyshev2", attenuation_db=-3), "above 0 .* not -3"),
        (
            lambda a: a.lowpass(10, kind="elliptic", ripple_db=3, attenuation_db=2),
            "a ripple of 3 dB is no less",
        ),
        (lambda a: a.filter([]), "at least one section"),
        (lambda a: a.filter([[1, 0, 0, 2, 0, 0]]), "section 0 of the filter has a0 = 2"),
        (lambda a: a.filter([[np.nan, 0, 0, 1, 0, 0]]), "the number NaN"),
        (lambda a: a.filter([[1, 0, 0]]), r"shape \(sections, 6\)"),
        (lambda a: a.filter("low"), r"shape \(sections, 6\)"),
        (lambda a: a.peaking(100, 3, 0), "q must be above 0"),
        (lambda a: a.peaking(100, 1e9), "from -200 to 200 dB"),
        (lambda a: a.eq([("bell", 100, 3)]), "kind is 'peaking'"),
        (lambda a: a.eq([]), "at least one section"),
        (lambda a: a.preemphasis(2), "from 0 to 1, not 2"),
    ],
)
def test_impossible_filters_are_refused(call, said):
    audio = AudioSamples.zeros(10, RATE)
    with pytest.raises((ValueError, TypeError), match=said):
        call(audio)
