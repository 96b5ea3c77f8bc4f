"""Signals: exact phases by whole numbers, spectra by SciPy."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from scipy import signal

from audio_samples import generation

RATE = 48_000


def exact_sine(frequency, frames, rate):
    """By the place in the cycle, in whole numbers."""
    step = Fraction(frequency) / rate
    turns = np.array([float(n * step % 1) for n in frames.tolist()])
    return np.sin(2 * np.pi * turns)


@pytest.mark.parametrize("frequency", [440.0, 0.1, 997.123456789, 23_999.0, 1e-3, -440.0, 96_440.0])
def test_the_phase_is_exact_after_a_day(frequency):
    near = np.arange(3_000)
    found = generation.sine_wave(frequency, 3_000 / RATE, RATE).to_numpy()
    assert np.abs(found - exact_sine(frequency, near, RATE)).max() < 1e-12
    # As many cycles as in a day at any rate.
    rate, day = 100, 86_400
    last = np.arange(day * rate - 1_000, day * rate)
    late = generation.sine_wave(frequency, day, rate, dtype="float32").to_numpy()[-1_000:]
    assert np.abs(late - exact_sine(frequency, last, rate)).max() < 1e-7


def test_an_hour_is_as_exact_as_a_second():
    rate, frames = 8_000, 8_000 * 3_600
    found = generation.sine_wave(997.123456789, 3_600, rate, dtype="float32").to_numpy()
    last = np.arange(frames - 2_000, frames)
    assert np.abs(found[-2_000:] - exact_sine(997.123456789, last, rate)).max() < 1e-7


NAMES = {
    "sine_wave": (440, 0.5),
    "square_wave": (440, 0.5),
    "sawtooth_wave": (440, 0.5),
    "triangle_wave": (440, 0.5),
    "chirp": (20, 20_000, 0.5),
    "exponential_chirp": (20, 20_000, 0.5),
    "am": (440, 5, 0.5),
    "fm": (440, 5, 0.5),
    "tones": ([440, 550], 0.5),
    "impulse": (0.5,),
    "silence": (0.5,),
    "dtmf": ("42#",),
}
NOISES = ["white_noise", "pink_noise", "brown_noise"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_waves_are_the_same_in_every_channel(name, dtype):
    make = getattr(generation, name)
    mono = make(*NAMES[name], dtype=dtype)
    assert mono.ndim == 1
    for channels in (1, 3):
        many = make(*NAMES[name], dtype=dtype, channels=channels)
        assert many.shape == (channels, len(mono))
        assert all(np.array_equal(row, mono) for row in many.to_numpy())
    with pytest.raises(ValueError, match="channels must be from 1"):
        make(*NAMES[name], channels=0)


@pytest.mark.parametrize("name", NOISES)
def test_noise_is_another_in_every_channel(name):
    make = getattr(generation, name)
    three = make(1.0, seed=5, channels=3).to_numpy()
    again = make(1.0, seed=5, channels=3).to_numpy()
    assert np.array_equal(three, again)
    correlation = np.corrcoef(np.diff(three))
    assert np.abs(correlation - np.eye(3)).max() < 0.05
    assert not np.array_equal(make(1.0).to_numpy(), make(1.0).to_numpy())
    if name == "white_noise":
        assert np.array_equal(make(1.0, seed=5).to_numpy(), three[0])
    else:
        assert np.abs(three).max() == pytest.approx(1, abs=1e-15)
        assert make(1.0, amplitude=0.25, seed=1).peak() == pytest.approx(0.25, abs=1e-15)
        assert make(0.0).shape == (0,)


@pytest.mark.parametrize(
    ("name", "slope"), [("white_noise", 0.0), ("pink_noise", -3.01), ("brown_noise", -6.02)]
)
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_the_power_of_noise_falls_by_octaves(name, slope, rate):
    noise = getattr(generation, name)(60.0, rate, seed=3).to_numpy()
    at, power = signal.welch(noise, rate, nperseg=16_384)
    octaves = [(100 * 2**n, 200 * 2**n) for n in range(5)]
    levels = [10 * np.log10(power[(at >= a) & (at < b)].mean()) for a, b in octaves]
    # White noise has the same density in all of them.
    found = np.polyfit(np.arange(5), levels, 1)[0]
    assert found == pytest.approx(slope, abs=0.1)


def harmonics(name, frequency, count, frames):
    turns = np.arange(frames) * frequency / RATE
    if name == "sawtooth_wave":
        return sum(-2 / (np.pi * k) * np.sin(2 * np.pi * k * turns) for k in range(1, count + 1))
    odd = range(1, count + 1, 2)
    if name == "square_wave":
        return sum(4 / (np.pi * k) * np.sin(2 * np.pi * k * turns) for k in odd)
    return sum(-8 / (np.pi * k) ** 2 * np.cos(2 * np.pi * k * turns) for k in odd)


@pytest.mark.parametrize("name", ["square_wave", "sawtooth_wave", "triangle_wave"])
@pytest.mark.parametrize("frequency", [100.0, 1_234.5, 8_000.0, 23_000.0])
def test_band_limited_waves_are_the_sum_of_their_harmonics(name, frequency):
    make = getattr(generation, name)
    found = make(frequency, 1.0, RATE, band_limited=True).to_numpy()
    count = int(np.ceil(RATE / 2 / frequency)) - 1
    assert np.abs(found - harmonics(name, frequency, count, RATE)).max() < 1e-9
    plain = make(frequency, 1.0, RATE).to_numpy()
    if frequency < 200:
        assert np.sqrt(np.mean((found - plain) ** 2)) < 0.1


def test_nothing_of_a_band_limited_wave_aliases():
    """Energy stands at whole multiples of the frequency, and nowhere else."""
    frequency = 1_003
    for name in ("square_wave", "sawtooth_wave", "triangle_wave"):
        wave = getattr(generation, name)(frequency, 1.0, RATE, band_limited=True).to_numpy()
        spectrum = np.abs(np.fft.rfft(wave)) / (RATE / 2)
        own = np.arange(0, RATE // 2, frequency)
        spectrum[own] = 0
        assert 20 * np.log10(spectrum.max()) < -90
    with pytest.raises(ValueError, match=r"at least .* Hz at 48000 Hz, not 1"):
        generation.square_wave(1.0, 1.0, RATE, band_limited=True)


def test_modulated_tones():
    time = np.arange(RATE) / RATE
    am = generation.am(1_000, 7, 1.0, RATE, depth=0.6).to_numpy()
    gain = (1 + 0.6 * np.sin(2 * np.pi * 7 * time)) / 1.6
    assert np.abs(am - gain * np.sin(2 * np.pi * 1_000 * time)).max() < 1e-11
    fm = generation.fm(1_000, 7, 1.0, RATE, deviation=50).to_numpy()
    phase = 2 * np.pi * 1_000 * time + 50 / 7 * (1 - np.cos(2 * np.pi * 7 * time))
    assert np.abs(fm - np.sin(phase)).max() < 1e-10
    chord = generation.tones([440, 550.5], 1.0, RATE).to_numpy()
    expected = (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 550.5 * time)) / 2
    assert np.abs(chord - expected).max() < 1e-11
    sweep = generation.exponential_chirp(100, 6_400, 1.0, RATE).to_numpy()
    expected = np.sin(2 * np.pi * 100 / np.log(64) * (64**time - 1))
    assert np.abs(sweep - expected).max() < 1e-9
    flat = generation.exponential_chirp(440, 440, 1.0, RATE).to_numpy()
    assert np.abs(flat - np.sin(2 * np.pi * 440 * time)).max() < 1e-11


def test_keys_of_a_telephone_have_their_two_tones():
    keys = "123A456B789C*0#D"
    audio = generation.dtmf(keys, 8_000, tone=0.2, pause=0.1)
    assert audio.duration == pytest.approx(len(keys) * 0.3 - 0.1)
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    for number, _ in enumerate(keys):
        samples = audio.to_numpy()[number * 2_400 : number * 2_400 + 1_600]
        spectrum = np.abs(np.fft.rfft(samples, 80_000))
        low = np.argmax(spectrum[:10_500]) / 10
        high = (np.argmax(spectrum[11_000:]) + 11_000) / 10
        assert low == pytest.approx(rows[number // 4], abs=3)
        assert high == pytest.approx(columns[number % 4], abs=3)
    assert np.array_equal(generation.dtmf("a").to_numpy(), generation.dtmf("A").to_numpy())
    assert generation.dtmf("").shape == (0,)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: generation.am(1, 1, 1, depth=2), "depth is from 0 to 1, not 2"),
        (lambda: generation.fm(1, 0, 1), "modulator must be above 0 Hz, not 0"),
        (lambda: generation.tones([], 1), "at least one frequency"),
        (lambda: generation.tones("A4", 1), r"\[440, 550, 660\], not 'A4'"),
        (lambda: generation.dtmf("12x"), "'x' is no key of a telephone"),
        (lambda: generation.exponential_chirp(0, 10, 1), "first must be above 0 Hz"),
        (lambda: generation.fm(440, 1e-300, 0.01, deviation=1e300), "no place within a cycle"),
        (lambda: generation.fm(440, 1, 0.01, deviation=1e17), "no place within a cycle"),
        (lambda: generation.chirp(0, 1e308, 0.01), "no place within a cycle"),
        (lambda: generation.exponential_chirp(1e-300, 1e300, 1), "no place within a cycle"),
        (lambda: generation.dtmf("1" * 32, 8_000, tone=2**59 / 8_000, pause=0), "memory can hold"),
        (lambda: generation.pink_noise(1, amplitude=np.nan), "amplitude must be a finite number"),
        (lambda: generation.brown_noise(-1), "duration must be a finite number"),
        (lambda: generation.sawtooth_wave(np.inf, 1, band_limited=True), "frequency must be"),
    ],
)
def test_impossible_signals_are_refused(call, said):
    with pytest.raises((ValueError, TypeError), match=said):
        call()


# What every machine makes of the same numbers.
HASHES = {
    "sine_wave": "38eee9896bf8a056",
    "chirp": "a49dae5007b9d6ec",
    "exponential_chirp": "35e2f68493acaac0",
    "fm": "d54da2d96512a50e",
    "pink_noise": "fcbf5161a2534bb8",
    "brown_noise": "93a7b41efc00b821",
    "white_noise": "a3f74e8b81da6457",
}


@pytest.mark.parametrize("name", HASHES)
def test_the_bits_are_the_same_on_every_machine(name):
    options = {"seed": 1} if "noise" in name else {}
    audio = getattr(generation, name)(*NAMES.get(name, (0.5,)), **options)
    assert hashlib.sha256(audio.to_numpy().tobytes()).hexdigest()[:16] == HASHES[name]
