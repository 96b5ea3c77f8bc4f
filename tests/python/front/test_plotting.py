"""Pictures: what is drawn is what the samples are, and long audio is as much work as short."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import audio_samples
from audio_samples import AudioSamples, generation, plotting

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

RATE = 8_000
KINDS = ("waveform", "spectrum", "spectrogram", "levels")
DRAWN = [getattr(plotting, kind) for kind in KINDS]


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    pyplot.close("all")


# -- envelopes --


def test_an_envelope_holds_the_extremes_of_its_stretches():
    samples = np.random.default_rng(3).uniform(-1, 1, (2, 1_003))
    audio = AudioSamples.new_multi(samples, 1_000)
    shape = plotting.envelope(audio, 10)
    assert shape.lowest.size == shape.highest.size == 10
    assert shape.lowest.min() == samples.min()
    assert shape.highest.max() == samples.max()
    assert shape.highest[0] == samples[:, :100].max()
    assert shape.seconds[0] == 0


@pytest.mark.parametrize("frames_first", [False, True])
def test_an_envelope_of_each_channel(frames_first):
    samples = np.random.default_rng(3).uniform(-1, 1, (3, 1_000))
    samples = np.ascontiguousarray(samples.T).T if frames_first else samples
    audio = AudioSamples.new_multi(samples, 1_000, copy=False)
    shape = plotting.envelope(audio, 8, per_channel=True)
    parts = samples.reshape(3, 8, 125)
    np.testing.assert_array_equal(shape.lowest, parts.min(axis=2))
    np.testing.assert_array_equal(shape.highest, parts.max(axis=2))
    np.testing.assert_array_equal(shape.seconds, np.arange(8) / 8)


def test_an_envelope_of_integers_is_in_fractions_of_full_scale():
    samples = np.array([-32_768, 16_384], dtype=np.int16)
    shape = plotting.envelope(AudioSamples.new_mono(samples, 8_000))
    assert shape.lowest.tolist() == [-1.0, 0.5]


def test_what_is_no_number_hides_no_number():
    samples = np.array([[np.nan, 0.5, -0.5], [-0.25, 0.125, 0], [np.nan] * 3])
    shape = plotting.envelope(AudioSamples.new_mono(samples.ravel(), 8_000), 3)
    np.testing.assert_array_equal(shape.lowest, [-0.5, -0.25, np.nan])
    np.testing.assert_array_equal(shape.highest, [0.5, 0.125, np.nan])


@pytest.mark.parametrize("per_channel", [False, True])
def test_an_envelope_of_no_frames_is_empty(per_channel):
    audio = AudioSamples.zeros((2, 0), 8_000)
    shape = plotting.envelope(audio, per_channel=per_channel)
    assert shape.seconds.size == shape.lowest.size == 0
    assert shape.lowest.shape == ((2, 0) if per_channel else (0,))


# -- pictures --


@pytest.mark.parametrize("draw", [*DRAWN, plotting.envelope])
def test_a_picture_of_an_array_says_how_to_make_audio_of_it(draw):
    with pytest.raises(TypeError, match=r"not of ndarray.*new_mono\(array, sample_rate\)"):
        draw(np.zeros(100))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [None, 1, 2, 64])
@pytest.mark.parametrize("frames", [0, 1, 15, 3_000])
def test_all_audio_is_drawn(kind, channels, frames):
    shape = (frames,) if channels is None else (channels, frames)
    samples = np.random.default_rng(0).uniform(-1, 1, shape)
    samples[..., :1] = np.nan
    ax = audio_samples.AudioSamples.zeros(shape, RATE).plot(kind)
    make = AudioSamples.new_mono if channels is None else AudioSamples.new_multi
    assert make(samples, RATE).plot(kind, ax, **({"window": 64} if "spec" in kind else {})) is ax
    ax.figure.canvas.draw()


@pytest.mark.parametrize("kind", ["waveform", "spectrogram", "levels"])
def test_time_is_in_seconds(kind, ax):
    generation.sine_wave(440, 2.5, RATE).plot(kind, ax=ax)
    assert ax.get_xlim() == (0, 2.5)
    assert ax.get_xlabel() == "seconds"


def test_a_waveform_has_a_lane_for_each_channel(ax):
    samples = np.zeros((2, 100))
    samples[0, 10], samples[1, 90] = 1, -0.5
    plotting.waveform(AudioSamples.new_multi(samples, 100), ax)
    upper, lower = (line.get_ydata() for line in ax.lines if len(line.get_ydata()) == 100)
    middle = lower[0]
    assert (upper[10], upper[0]) == (1, 0)
    assert lower[90] == middle - 0.5
    assert middle <= -2, "the lanes touch each other"
    assert [text.get_text() for text in ax.texts] == ["left", "right"]


def test_a_waveform_in_decibels(ax):
    audio = generation.sine_wave(100, 1.0, 48_000, amplitude=0.1)
    plotting.waveform(audio, ax, scale="db")
    top = ax.collections[0].get_paths()[0].vertices[:, 1].max()
    marks = dict(
        zip((text.get_text() for text in ax.get_yticklabels()), ax.get_yticks(), strict=True)
    )
    assert top == pytest.approx(marks["-20"], abs=0.01)
    assert marks["0"] == 1
    with pytest.raises(ValueError, match="scale is 'linear' or 'db'"):
        plotting.waveform(audio, ax, scale="log")


def test_tracks_have_names_and_the_time_of_the_longest(ax):
    tone, long = generation.sine_wave(5, 1.0, RATE), generation.sine_wave(5, 3.0, 48_000)
    assert plotting.tracks({"voice": tone, "music": long}, ax) is ax
    assert [text.get_text() for text in ax.get_yticklabels()] == ["voice", "music"]
    assert ax.get_xlim() == (0, 3)
    assert len(plotting.tracks([tone, long]).get_yticklabels()) == 2
    for wrong, error in ((tone, TypeError), ([], ValueError), ([np.zeros(3)], TypeError)):
        with pytest.raises(error):
            plotting.tracks(wrong)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_a_sine_of_full_scale_is_0_db_in_all_pictures(ax, dtype):
    # In the middle of a bin, so that the window leaks nothing of it.
    audio = generation.sine_wave(1_000, 1.0, RATE, amplitude=0.999).convert(dtype)
    plotting.spectrum(audio, ax, window=800)
    (line,) = ax.lines
    strongest = np.argmax(line.get_ydata())
    assert line.get_xdata()[strongest] == 1_000
    assert line.get_ydata()[strongest] == pytest.approx(0, abs=0.05)

    picture = Figure().subplots()
    plotting.spectrogram(audio, picture, window=800)
    shown = picture.images[0].get_array()
    np.testing.assert_allclose(shown.max(axis=0), 0, atol=0.05)
    assert np.all(shown.argmax(axis=0) == 100)

    peaks_and_rms = Figure().subplots()
    plotting.levels(audio, peaks_and_rms)
    peaks, rms = (line.get_ydata() for line in peaks_and_rms.lines)
    np.testing.assert_allclose(peaks, 0, atol=0.05)
    np.testing.assert_allclose(rms, -3.01, atol=0.05)
    np.testing.assert_allclose(peaks_and_rms.lines[0].get_xdata(), np.arange(20) / 20 + 0.025)


def test_a_spectrogram_of_one_channel(ax):
    samples = np.zeros((2, RATE))
    samples[1] = np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE)
    audio = AudioSamples.new_multi(samples, RATE)
    plotting.spectrogram(audio, ax, channel=0)
    assert np.all(ax.images[0].get_array() == -100)
    with pytest.raises(IndexError):
        plotting.spectrogram(audio, ax, channel=2)


@pytest.mark.parametrize("kind", KINDS)
def test_long_audio_is_a_picture_of_no_more_columns(kind, ax):
    audio = AudioSamples.zeros((2, 60 * 48_000), 48_000, dtype=np.float32)
    audio[5_000] = 0.5
    audio.plot(kind, ax)
    points = [len(line.get_xdata()) for line in ax.lines]
    points += [len(path.vertices) // 4 for one in ax.collections for path in one.get_paths()]
    points += [image.get_array().shape[1] for image in ax.images]
    assert 2 <= max(points) <= 2_500
    assert audio.views == []


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("melody", {}),
        ("spectrum", {"window": 8}),
        ("spectrogram", {"window": 1 << 30}),
        ("spectrum", {"floor": 1}),
        ("levels", {"window": 0}),
        ("levels", {"floor": float("nan")}),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence(kind, options):
    with pytest.raises(ValueError, match=r"one of|must be"):
        AudioSamples.zeros(10, RATE).plot(kind, **options)
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_error_names_it():
    code = """
        import sys
        class Absent:
            def find_spec(self, name, *_):
                if name == "matplotlib": raise ModuleNotFoundError(name=name)
        sys.meta_path.insert(0, Absent())
        import audio_samples
        try:
            audio_samples.AudioSamples.zeros(10, 8000).plot()
        except ModuleNotFoundError as error:
            print(error.name, error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith("matplotlib ")
    assert told.endswith("pip install matplotlib\n")
