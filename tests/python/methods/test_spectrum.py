"""Spectra against NumPy's transform of frames cut by hand, and mel filters by their formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft, signal

import audio_samples
from audio_samples import AudioSamples, BorrowError, Spectrum

RATE = 22_050
TOLERANCE = {"float32": 2e-6, "float64": 1e-12}


def noise(frames=5_000, dtype="float64", channels=None):
    shape = frames if channels is None else (channels, frames)
    values = np.random.default_rng(7).uniform(-0.5, 0.5, shape)
    return AudioSamples.from_numpy(values.astype(dtype), RATE)


def window_of(name, length, n_fft):
    values = name if not isinstance(name, str) else signal.get_window(name, length)
    before = (n_fft - len(values)) // 2
    return np.pad(values, (before, n_fft - len(values) - before))


def by_hand(samples, n_fft, hop, window="hann", pad="zeros"):
    """The transform of every frame of an axis of samples."""
    samples = np.asarray(samples, float)
    if samples.shape[-1] == 0:
        return np.zeros((*samples.shape[:-1], n_fft // 2 + 1, 0), complex)
    sides = [(0, 0)] * (samples.ndim - 1) + [(n_fft // 2, n_fft // 2)]
    padded = np.pad(samples, sides, {"zeros": "constant", "reflect": "reflect"}[pad])
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=-1)[..., ::hop, :]
    return np.fft.rfft(frames * window_of(window, n_fft, n_fft)).swapaxes(-1, -2)


def near(found, expected, dtype="float64"):
    assert found.shape == expected.shape
    if expected.size:
        scale = np.abs(expected).max() or 1
        assert np.abs(np.asarray(found) - expected).max() <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pad", ["zeros", "reflect"])
@pytest.mark.parametrize(
    ("n_fft", "hop"), [(2048, 512), (1023, 300), (64, 64), (100, 333), (2, 1), (3, 2), (4999, 1)]
)
def test_stft_is_the_transform_of_frames(n_fft, hop, pad, dtype):
    audio = noise(5_000, dtype, None if hop == 1 else 2)
    if hop == 1:
        audio = audio[:2_600] if n_fft == 4999 else audio[:300]
    spectrum = audio.stft(n_fft, hop, pad=pad)
    assert spectrum.dtype == ("complex64" if dtype == "float32" else "complex128")
    near(np.asarray(spectrum), by_hand(audio, n_fft, hop, pad=pad), dtype)


@pytest.mark.parametrize(
    "window",
    ["hann", "hamming", "blackman", "boxcar", np.arange(1.0, 301), np.arange(1.0, 302)],
)
def test_windows(window):
    audio = noise()
    near(np.asarray(audio.stft(512, 128, window=window)), by_hand(audio, 512, 128, window))
    listed = window if isinstance(window, str) else list(window)
    back = audio.stft(512, 128, window=listed).istft()
    assert np.abs(back.to_numpy() - audio.to_numpy()).max() < 1e-10


@settings(deadline=None)
@given(st.integers(0, 700), st.integers(2, 130), st.data())
def test_what_is_transformed_comes_back(frames, n_fft, data):
    hop = data.draw(st.integers(1, max(1, n_fft // 2)))
    channels = data.draw(st.sampled_from([None, 1, 3]))
    audio = noise(frames, channels=channels)
    spectrum = audio.stft(n_fft, hop, window="hamming")
    near(np.asarray(spectrum), by_hand(audio, n_fft, hop, "hamming"))
    back = spectrum.istft()
    assert (back.shape, back.sample_rate) == (audio.shape, RATE)
    assert frames == 0 or np.abs(back.to_numpy() - audio.to_numpy()).max() < 1e-12


@pytest.mark.parametrize("hop", [1, 40, 127, 150])
def test_any_numbers_go_back_as_by_hand(hop):
    """Also those of no audio: the first and the last bin have no phase, and edges weigh little."""
    n_fft, audio = 128, noise(1_000)
    window = signal.get_window("hann", n_fft)
    spectrum = audio.stft(n_fft, hop)
    random = np.random.default_rng(5)
    values = spectrum.values * np.exp(2j * np.pi * random.uniform(size=spectrum.shape))
    sums, weights = np.zeros((2, 1_000 + 2 * n_fft))
    for at, frame in enumerate(np.fft.irfft(values.T, n_fft)):
        sums[at * hop :][:n_fft] += frame * window
        weights[at * hop :][:n_fft] += window**2
    expected = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)[64:1_064]
    found = spectrum.replace(values).istft().to_numpy()
    assert np.abs(expected).max() > 10 or hop < 100
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_a_spectrum_says_what_it_is_of():
    audio = noise(channels=2)
    spectrum = audio.stft(512, 128)
    assert isinstance(spectrum, Spectrum)
    assert spectrum.shape == np.asarray(spectrum).shape == (2, 257, 40)
    assert np.array_equal(spectrum.frequencies, np.fft.rfftfreq(512, 1 / RATE))
    assert np.allclose(spectrum.times, np.arange(40) * 128 / RATE)
    assert "n_fft=512, hop=128" in repr(spectrum)
    assert np.shares_memory(np.asarray(spectrum), spectrum.values)
    masked = spectrum.replace(spectrum.values * (spectrum.frequencies < 4_000)[:, np.newaxis])
    low = masked.istft(frames=4_000)
    assert low.shape == (2, 4_000)
    assert low.psd().density[:, 1_000:].max() < 1e-3 * audio.psd().density.max()
    for wrong in (np.zeros((256, 3), complex), np.zeros(257, complex), np.zeros((257, 3), int)):
        with pytest.raises(ValueError, match="with 257 bins, not"):
            spectrum.replace(wrong)
    with pytest.raises(ValueError, match="frames must be a whole number"):
        spectrum.istft(-1)
    with pytest.raises(ValueError, match="frames must be from 0 to"):
        spectrum.istft(10**30)


@pytest.mark.parametrize("kind", [list, np.array])
def test_a_spectrum_keeps_its_window(kind):
    window = kind(np.hanning(512) + 0.1)
    spectrum = noise().stft(512, 128, window=window)
    window[100:200] = window[:100]
    near(spectrum.istft().to_numpy(), noise().to_numpy())


def mel_filters(count, n_fft, scale, norm, low, high):
    def to_mel(hz):
        if scale == "htk":
            return 2595 * np.log10(1 + hz / 700)
        return hz * 3 / 200 if hz < 1_000 else 15 + 27 * np.log(hz / 1_000) / np.log(6.4)

    def to_hz(mel):
        if scale == "htk":
            return 700 * (10 ** (mel / 2595) - 1)
        return np.where(mel < 15, mel * 200 / 3, 1_000 * 6.4 ** ((np.maximum(mel, 15) - 15) / 27))

    corners = to_hz(np.linspace(to_mel(low), to_mel(high), count + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / RATE)
    rows = [
        np.interp(bins, corners[at : at + 3], [0, 1, 0])
        * (2 / (corners[at + 2] - corners[at]) if norm else 1)
        for at in range(count)
    ]
    return np.array(rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize("power", [2.0, 1.0, 1.5])
def test_mel_is_the_sum_in_bands(dtype, scale, norm, power):
    audio = noise(dtype=dtype, channels=2)
    magnitudes = np.abs(by_hand(audio, 1024, 256)) ** power
    near(audio.spectrogram(power=power, n_fft=1024, hop=256), magnitudes, dtype)
    filters = mel_filters(40, 1024, scale, norm, 50, 8_000)
    options = {"n_fft": 1024, "hop": 256, "power": power, "scale": scale, "norm": norm}
    found = audio.mel(40, fmin=50, fmax=8_000, **options)
    assert found.dtype == dtype
    near(found, filters @ magnitudes, dtype)
    decibels = audio.mel(40, fmin=50, fmax=8_000, db=True, **options)
    assert np.allclose(decibels, 10 * np.log10(np.maximum(filters @ magnitudes, 1e-10)), atol=1e-4)


def test_as_many_bands_as_there_is_room_for():
    """The sides of neighbours add up to 1 in every bin: bands hold what bins hold."""
    audio, n_fft = noise(), 2**19
    bins = audio.spectrogram(n_fft=n_fft, hop=5_000)[:, :1].sum()
    bands = audio.mel(2**18, n_fft=n_fft, hop=5_000, norm=None, scale="htk")[:, :1].sum()
    assert abs(bands / bins - 1) < 1e-4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mfcc_is_the_cosine_transform_of_decibels(dtype):
    audio = noise(dtype=dtype)
    bands = 10 * np.log10(np.maximum(audio.mel(60).astype(float), 1e-10))
    expected = fft.dct(np.maximum(bands, bands.max() - 80), axis=0, norm="ortho")[:13]
    near(audio.mfcc(13, n_mels=60), expected, dtype)


@pytest.mark.parametrize("frames", [100, 255, 5_000])
@pytest.mark.parametrize("n_fft", [256, 511])
def test_psd_is_welch(frames, n_fft):
    audio = noise(frames, channels=2)
    segment = min(n_fft, frames)
    frequencies, density = signal.welch(audio.to_numpy(), RATE, nperseg=segment)
    found = audio.psd(n_fft)
    near(found.frequencies, frequencies)
    near(found.density, density)
    assert np.array_equal(audio.channel(1).psd(n_fft).density, found.density[1])


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "boxcar"])
def test_psd_of_little_audio_is_welch(window):
    for frames in (1, 2, 3):
        audio = noise(frames, channels=2)
        expected = signal.welch(audio.to_numpy(), RATE, window, nperseg=frames)[1]
        assert np.allclose(audio.psd(window=window).density, expected, rtol=1e-9, atol=1e-30)
    found = AudioSamples.zeros((0, 100), RATE).psd()
    assert (found.frequencies.shape, found.density.shape) == ((51,), (0, 51))


@pytest.mark.parametrize("shape", [0, (2, 0), (0, 0)])
def test_audio_without_frames_has_no_spectra(shape):
    audio = AudioSamples.zeros(shape, RATE)
    lead = audio.shape[:-1]
    assert audio.stft().shape == (*lead, 1025, 0)
    assert audio.mel(40).shape == (*lead, 40, 0)
    assert audio.mfcc(13).shape == (*lead, 13, 0)
    assert audio.stft().istft().shape == audio.shape


def test_one_nan_spoils_its_frames_only():
    samples = noise().to_numpy(copy=True)
    samples[2_500] = np.nan
    spoiled = np.isnan(AudioSamples.from_numpy(samples, RATE).mel(20, n_fft=512, hop=128)).any(
        axis=0
    )
    reached = np.abs(np.arange(40) * 128 - 2_500) < 257
    assert spoiled.any()
    assert not spoiled[~reached].any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_number_is_the_loudest_of_the_coefficients(value):
    samples = noise().to_numpy(copy=True)
    samples[2_000:2_600] *= 1e-6
    expected = AudioSamples.from_numpy(samples, RATE).mfcc(n_fft=512, hop=128)
    samples[2_500] = value
    found = AudioSamples.from_numpy(samples, RATE).mfcc(n_fft=512, hop=128)
    reached = np.abs(np.arange(40) * 128 - 2_500) < 257
    assert np.isnan(found[:, reached]).any()
    assert np.allclose(found[:, ~reached], expected[:, ~reached], atol=1e-9)


@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_integers_are_fractions_of_full_scale(dtype):
    scale = {"int16": 2**15, "int32": 2**31}[dtype]
    whole = (noise().to_numpy() * scale).astype(dtype)
    fractions = AudioSamples.from_numpy(whole / scale, RATE)
    audio = AudioSamples.from_numpy(whole, RATE)
    for name in ("mel", "spectrogram", "mfcc"):
        assert np.array_equal(getattr(audio, name)(), getattr(fractions, name)())
    assert np.array_equal(audio.psd().density, fractions.psd().density)
    assert np.array_equal(np.asarray(audio.stft()), np.asarray(fractions.stft()))


def test_layouts_threads_and_many_channels_give_the_same_bits():
    audio = noise(40_000, "float32", 64)[:, :30_000]
    expected = audio.copy().mel(40)
    threads = audio_samples.num_threads()
    for layout in (
        audio,
        AudioSamples.from_numpy(np.asfortranarray(audio.to_numpy()), RATE),
    ):
        for count in (1, 2):
            audio_samples.set_num_threads(count)
            assert np.array_equal(layout.mel(40), expected)
    audio_samples.set_num_threads(threads)
    assert np.array_equal(audio[::-1][::-1].mel(40), expected)
    assert np.array_equal(audio.channel(5).mel(40), expected[5])


def test_out_is_filled():
    audio = noise(dtype="float32", channels=2)
    batch = np.full((4, 2, 40, 10), np.nan, "float32")
    row = batch[1]
    assert audio.mel(40, out=row) is row
    assert np.array_equal(batch[1], audio.mel(40))
    assert np.isnan(batch[[0, 2, 3]]).all()
    assert audio.spectrogram(out=np.empty((2, 1025, 10), "float32")).shape == (2, 1025, 10)
    for wrong in (
        batch[0, 0],
        batch[0].astype("float64"),
        np.broadcast_to(np.float32(0), row.shape),
    ):
        with pytest.raises(ValueError, match=r"out is .*float32 of shape \(2, 40, 10\) is needed"):
            audio.mel(40, out=wrong)


def test_audio_as_out_is_leased():
    audio, out = noise(channels=1), AudioSamples.zeros((40, 10), RATE)
    expected = audio.channel(0).mel(40)
    with out.borrow(), pytest.raises(BorrowError):
        audio.channel(0).mel(40, out=out)
    assert not out.any()
    assert audio.channel(0).mel(40, out=out) is out
    assert np.array_equal(out, expected)
    with pytest.raises(ValueError, match="out is read-only float64"):
        audio.channel(0).mel(40, out=AudioSamples.from_numpy(np.broadcast_to(0.0, (40, 10)), RATE))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda audio: audio.stft(1), "n_fft must be"),
        (lambda audio: audio.stft(2**25), "n_fft must be from 2 to 16777216, not 33554432"),
        (lambda audio: audio.stft(512, 0), "hop must be"),
        (lambda audio: audio.stft(512, window="kaiser"), "window must be 'hann'.* not 'kaiser'"),
        (lambda audio: audio.stft(512, window=np.ones(513)), "the window has 513 values"),
        (lambda audio: audio.stft(512, window=[]), "the window has 0 values"),
        (lambda audio: audio.stft(512, window=[1, np.nan]), "finite numbers, not NaN"),
        (lambda audio: audio.stft(512, pad="edge"), "pad must be 'zeros' or 'reflect', not 'edge'"),
        (lambda audio: audio[:100].stft(512, pad="reflect"), "more than 256 samples, not 100"),
        (lambda audio: audio.mel(0), "n_mels must be"),
        (lambda audio: audio.mel(200, n_fft=256), "n_mels must be from 1 to the 129 bins"),
        (lambda audio: audio.mel(fmin=20_000), "go up from 0 to half the rate, 11025 Hz"),
        (lambda audio: audio.mel(fmax=12_000), "not from 0 to 12000"),
        (lambda audio: audio.mel(power=0), "power must be a number above 0"),
        (lambda audio: audio.mel(scale="bark"), "scale must be 'slaney' or 'htk', not 'bark'"),
        (lambda audio: audio.mel(norm="area"), "norm must be 'slaney' or None, not 'area'"),
        (lambda audio: audio.mfcc(129), "n must be a whole number from 1 to the 128 bands"),
        (lambda audio: audio.mfcc(2.5), "bands of n_mels=, not 2.5"),
        (lambda audio: audio.psd(0), "n_fft must be"),
    ],
)
def test_what_does_not_fit_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call(noise())


def test_samples_are_leased_while_they_are_read():
    audio = noise()
    with audio.borrow_mut():
        for method in (audio.stft, audio.mel, audio.psd):
            with pytest.raises(BorrowError):
                method()
    for wrong in (3, b"hann", ["a"]):
        with pytest.raises(TypeError, match="window is a name"):
            audio.stft(window=wrong)
