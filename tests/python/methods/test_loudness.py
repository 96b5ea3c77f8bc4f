"""Loudness: the tones of EBU Tech 3341 and 3342, made here, and BS.1770 written out with SciPy."""

import math

import numpy as np
import pytest
from scipy import signal
from signals import RATE, make_audio, read_only

from audio_samples import AudioSamples, dsp


def tone(parts, rate=48_000, hz=1000.0, channels=2):
    """Sines of 1 kHz: `parts` are (seconds, dBFS), which is the level of the peak."""
    levels = np.concatenate(
        [np.full(round(seconds * rate), 10 ** (db / 20)) for seconds, db in parts]
    )
    wave = levels * np.sin(2 * np.pi * hz * np.arange(levels.size) / rate)
    return make_audio(np.tile(wave, (channels, 1)), rate)


# EBU Tech 3341, cases 1 to 5: stereo tones, and what they are to measure.
TONES = {
    "1": ([(20, -23)], -23.0),
    "2": ([(20, -33)], -33.0),
    "3": ([(10, -36), (60, -23), (10, -36)], -23.0),
    "4": ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0),
    "5": ([(20, -26), (20.1, -20), (20, -26)], -23.0),
}


@pytest.mark.parametrize("case", TONES)
def test_tones_of_the_standard_are_as_loud_as_it_says(case):
    parts, lufs = TONES[case]
    assert tone(parts).loudness() == pytest.approx(lufs, abs=0.1)


def test_five_channels_count_by_their_places():
    """EBU Tech 3341, case 6: -28 dBFS in the front, -24 in the middle, -30 in the surrounds."""
    time = np.arange(20 * 48_000) / 48_000
    levels = np.array([-28, -28, -24, -30, -30])[:, None]
    audio = make_audio(10 ** (levels / 20) * np.sin(2 * np.pi * 1000 * time), 48_000)
    assert audio.loudness() == pytest.approx(-23.0, abs=0.1)
    with_lfe = np.insert(np.asarray(audio), 3, np.sin(time * 300), axis=0)
    assert make_audio(with_lfe, 48_000).loudness() == pytest.approx(audio.loudness(), abs=1e-9)
    weighted = audio.loudness(weights=[1, 1, 1, 1.41, 1.41])
    assert weighted == pytest.approx(audio.loudness(), abs=0.01)


# EBU Tech 3342, cases 1 to 4.
RANGES = {
    "1": ([(20, -20), (20, -30)], 10),
    "2": ([(20, -20), (20, -15)], 5),
    "3": ([(20, -40), (20, -20)], 20),
    "4": ([(20, -50), (20, -35), (20, -20), (20, -35), (20, -50)], 15),
}


@pytest.mark.parametrize("case", RANGES)
def test_ranges_of_the_standard(case):
    parts, lu = RANGES[case]
    assert tone(parts).loudness_range() == pytest.approx(lu, abs=1)


@pytest.mark.parametrize(
    ("phase", "hz_part", "db", "peak"),
    [(0, 4, -6.0, -6.0), (45, 4, -6.0, -6.0), (60, 6, -6.0, -6.0), (67.5, 8, -6.0, -6.0)],
)
def test_true_peaks_of_the_standard(phase, hz_part, db, peak):
    """EBU Tech 3341, cases 15 to 18: sines whose samples miss their peaks."""
    time = np.arange(48_000)
    wave = 10 ** (db / 20) * np.sin(2 * np.pi * time / hz_part + np.radians(phase))
    # A sudden begin has a higher peak than the sine.
    wave *= np.clip(np.minimum(time, time[::-1]) / 4800, 0, 1)
    audio = make_audio(np.tile(wave, (2, 1)), 48_000)
    assert -0.4 <= audio.true_peak() - peak <= 0.2
    assert audio.true_peak(db=False) == pytest.approx(10 ** (audio.true_peak() / 20))
    assert audio.true_peak(per_channel=True).shape == (2,)
    assert audio.true_peak(db=False) >= audio.peak()


def k_weighted(samples, rate):
    """BS.1770's two filters for any rate, by the analogue prototypes of its 48 kHz numbers."""
    f0, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k, vh = math.tan(math.pi * f0 / rate), 10 ** (gain / 20)
    vb = vh**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        [(vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0],
        [1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0],
    ]
    f0, q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * f0 / rate)
    a0 = 1 + k / q + k * k
    highpass = [[1, -2, 1], [1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]]
    return signal.lfilter(*highpass, signal.lfilter(*shelf, samples))


def integrated(samples, rate):
    """Gated loudness as BS.1770-4 words it."""
    weighted = k_weighted(np.atleast_2d(samples), rate)
    tenth = round(rate / 10)
    starts = range(0, weighted.shape[1] - 4 * tenth + 1, tenth)
    powers = np.array([np.mean(weighted[:, s : s + 4 * tenth] ** 2, axis=1).sum() for s in starts])
    with np.errstate(divide="ignore"):
        loud = powers[-0.691 + 10 * np.log10(powers) >= -70]
        if not loud.size:
            return -math.inf
        gate = -0.691 + 10 * np.log10(loud.mean()) - 10
        return -0.691 + 10 * np.log10(loud[-0.691 + 10 * np.log10(loud) > gate].mean())


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_noise_is_as_loud_as_the_standard_computes(rate, dtype):
    random = np.random.default_rng(rate)
    levels = np.repeat(random.uniform(0.001, 0.3, 20), rate // 4)
    samples = random.standard_normal((2, levels.size)) * levels
    audio = make_audio(np.clip(samples, -0.99, 0.99), rate).convert(dtype)
    values = audio.convert("float64").to_numpy()
    assert audio.loudness() == pytest.approx(integrated(values, rate), abs=1e-9)


def test_momentary_and_short_term_are_series():
    audio = tone([(4.05, -23)])
    momentary, short = audio.momentary_loudness(), audio.short_term_loudness()
    assert (momentary.shape, short.shape) == ((37,), (11,))
    assert momentary.dtype == np.float64
    assert np.allclose(momentary, -23, atol=0.1)
    assert np.allclose(short, -23, atol=0.1)


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.3, 0.399])
def test_less_than_a_block_is_one_of_its_own_length(seconds):
    """The mean square of what the filters give of it, and nothing else."""
    audio = tone([(1, -23)])
    short = audio[: round(seconds * 48_000)]
    weighted = k_weighted(short.to_numpy(), 48_000)
    expected = -0.691 + 10 * math.log10(np.mean(weighted**2, axis=1).sum())
    assert short.loudness() == pytest.approx(expected, abs=1e-6)
    assert short.momentary_loudness().tolist() == [pytest.approx(expected, abs=1e-6)]


def test_silence_and_numbers_that_are_none():
    assert AudioSamples.zeros((2, 48_000), 48_000).loudness() == -math.inf
    assert AudioSamples.zeros(0, 48_000).loudness() == -math.inf
    assert AudioSamples.zeros(10, 48_000).loudness() == -math.inf
    assert AudioSamples.zeros(0, 48_000).true_peak() == -math.inf
    quiet = make_audio(1e-6 * np.sin(np.arange(48_000) / 8), 48_000)
    assert quiet.loudness() == -math.inf
    assert quiet[:4800].loudness() == -math.inf
    for wrong in (math.nan, math.inf):
        samples = np.full(48_000, 0.1)
        samples[7] = wrong
        audio = make_audio(samples, 48_000)
        assert math.isnan(audio.loudness())
        assert math.isnan(audio.true_peak())
        assert math.isnan(audio.loudness_range())


def test_many_channels_count_as_one_each():
    samples = np.tile(np.asarray(tone([(1, -40)], channels=1)), (64, 1))
    sixty_four = make_audio(samples, 48_000).loudness()
    one = make_audio(samples[0], 48_000).loudness()
    assert sixty_four == pytest.approx(one + 10 * math.log10(64), abs=1e-9)
    with pytest.raises(ValueError, match=r"1 to 64 channels .* not of 65"):
        make_audio(np.zeros((65, 10)), 48_000, layout="channels_first").loudness()


def test_weights_are_one_for_each_channel():
    audio = tone([(1, -23)])
    left = audio.channel(0).loudness()
    assert audio.loudness(weights=[1, 0]) == pytest.approx(left, abs=1e-9)
    assert audio.loudness(weights=[2.0, 0]) == pytest.approx(left + 10 * math.log10(2), abs=1e-9)
    with pytest.raises(ValueError, match="3 weights for 2 channels"):
        audio.loudness(weights=[1, 1, 1])
    with pytest.raises(ValueError, match="not -1"):
        audio.loudness(weights=[1, -1])
    with pytest.raises(TypeError, match="one for each channel"):
        audio.loudness(weights="left")


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_normalized_audio_has_the_level(dtype):
    audio = tone([(2, -30)]).convert(dtype)
    tolerance = 0.02 if dtype == "int16" else 1e-4
    assert audio.normalize().peak(db=True) == pytest.approx(-1, abs=tolerance)
    assert audio.normalize(-3).peak(db=True) == pytest.approx(-3, abs=tolerance)
    assert audio.normalize(rms=-20).rms(db=True) == pytest.approx(-20, abs=tolerance)
    assert audio.normalize(lufs=-16).loudness() == pytest.approx(-16, abs=tolerance)
    found = audio.normalize(lufs=-14)
    assert audio.normalize_inplace(lufs=-14) is audio
    assert np.array_equal(audio.to_numpy(), found.to_numpy())


def test_silence_stays_silence():
    for how in ({"peak": -1}, {"rms": -20}, {"lufs": -16}):
        silence = AudioSamples.zeros((2, 48_000), 48_000, dtype="int16")
        assert not silence.normalize(**how).to_numpy().any()
        assert not silence.normalize_inplace(**how).to_numpy().any()
    assert AudioSamples.zeros(0, 48_000).normalize().shape == (0,)


@pytest.mark.parametrize("how", [{}, {"rms": -20}, {"lufs": -16}])
def test_a_level_that_is_no_number_is_refused(how):
    samples = np.full(48_000, 0.1)
    samples[[5, 9]] = math.nan
    audio = make_audio(samples, 48_000)
    with pytest.raises(
        ValueError, match="2 of the samples are nan or infinite, the first at frame 5"
    ):
        audio.normalize_inplace(**how)
    assert audio.to_numpy()[0] == 0.1


def test_one_level_is_asked_for():
    audio = tone([(1, -30)])
    with pytest.raises(ValueError, match="normalized to one level"):
        audio.normalize(-1, lufs=-16)
    with pytest.raises(ValueError, match="finite number of decibels, not NaN"):
        audio.normalize(math.nan)
    with pytest.raises(ValueError, match="read-only"):
        read_only(audio).normalize_inplace()


def test_the_meter_measures_blocks_as_the_whole():
    audio = tone([(3, -30), (3, -20)], rate=RATE)
    for size in (7_001, 4410, 65_536):
        meter = dsp.LoudnessMeter()
        for start in range(0, len(audio), size):
            meter.update(audio[start : start + size])
        assert meter.integrated == audio.loudness()
        assert meter.range == audio.loudness_range()
        assert meter.true_peak == audio.true_peak()
        assert meter.short_term == pytest.approx(audio.short_term_loudness()[-1], abs=0.2)
        assert meter.momentary == pytest.approx(audio.momentary_loudness()[-1], abs=0.2)
    meter.reset()
    assert meter.integrated == -math.inf
    meter.update(audio.convert("int16"))
    with pytest.raises(ValueError, match="float64 of 2 channels at 44100 Hz, and those before"):
        meter.update(audio)


def test_rates_that_the_filters_do_not_fit_are_refused():
    audio = AudioSamples.from_numpy(np.ones(4_000), 3_363)
    for measure in (audio.loudness, audio.loudness_range, audio.momentary_loudness):
        with pytest.raises(ValueError, match=r"from 3364 Hz on.*not at 3363 Hz; resample"):
            measure()
    with pytest.raises(ValueError, match="not at 3363 Hz"):
        dsp.LoudnessMeter().update(audio)
    with pytest.raises(ValueError, match="not at 3363 Hz"):
        audio.normalize_inplace(lufs=-16)
    assert audio.true_peak(db=False) >= 1
    noise = np.random.default_rng(1).uniform(-1, 1, 8_000)
    assert -40 < AudioSamples.from_numpy(noise, 3_364).loudness() < 10


def test_a_nan_spoils_the_true_peak_of_its_channel():
    samples = np.full((3, 5_000), 0.25)
    samples[1, 4_321] = math.nan
    peaks = AudioSamples.from_numpy(samples, 48_000).true_peak(db=False, per_channel=True)
    assert np.isnan(peaks).tolist() == [False, True, False]
    assert peaks[0] == peaks[2] >= 0.25
