"""What a notebook shows: facts, waveforms, a time axis, and a player that stays small."""

import base64
import io
import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest

import audio_samples
from audio_samples import AudioSamples, generation, notebook

RATE = 44_100


def tone(seconds=0.5, channels=None, rate=RATE):
    return generation.sine_wave(440, seconds, rate, amplitude=0.5, channels=channels)


def played(shown):
    """The audio in the player, or None."""
    found = re.search(r'src="data:audio/wav;base64,([^"]*)"', shown)
    return found and audio_samples.read(io.BytesIO(base64.b64decode(found[1])))


def spans(shown):
    return re.findall(r"<span[^>]*>(.*?)</span>", shown)


class Balanced(HTMLParser):
    """Raises where a tag is closed that is not the last open one."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_facts_waveform_and_player():
    audio = tone(0.1)
    shown = audio._repr_html_()
    assert shown == notebook.show(audio) == notebook.show(audio)._repr_html_()
    for part in ("<svg", "<audio controls", "data:audio/wav;base64,UklGR", "44100", "time axis"):
        assert part in shown
    assert "peak -6.0 dBFS" in spans(shown)
    np.testing.assert_allclose(played(shown), audio, atol=2.0**-15)


@pytest.mark.parametrize("channels", [None, 1, 2, 3, 9, 64])
@pytest.mark.parametrize("frames", [0, 1, 2, 5_000])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_all_audio_is_shown(channels, frames, dtype):
    shape = (frames,) if channels is None else (channels, frames)
    audio = AudioSamples.zeros(shape, 8_000, dtype=dtype)
    audio[: frames // 2] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = audio._repr_html_()
    page = Balanced()
    page.feed(shown)
    assert page.open == []
    assert shown.count("<svg") == (channels or 1)
    assert "nan" not in shown.split("<audio")[0]
    assert ("no frames to play" in shown) == (frames == 0)
    assert "<script" not in shown
    assert "http" not in shown


def test_each_channel_has_a_waveform_and_its_peak():
    audio = tone(channels=2)
    audio[1, :] *= 0.1
    shown = notebook.show(audio)
    assert spans(shown)[:4] == ["left", "peak -6.0 dBFS", "right", "peak -26.0 dBFS"]
    heights = [
        [int(point.split(",")[1]) for point in path.rstrip("Z").split(" ")]
        for path in re.findall(r'd="M([^H"]*Z)"', shown)
    ]
    assert [(min(ys), max(ys)) for ys in heights] == [(50, 150), (95, 105)]


def test_silence_is_minus_infinity():
    assert "peak -∞ dBFS" in notebook.show(AudioSamples.zeros(100, RATE))


def test_nan_is_said_and_hides_nothing():
    audio = tone(channels=2).convert("float32")
    audio[0, 5:8] = np.nan
    audio[1, 9] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = notebook.show(audio)
    assert "peak -6.0 dBFS, <b>3 NaN</b>" in spans(shown)
    assert "peak ∞ dBFS" in spans(shown)
    assert played(shown) is not None


def test_many_channels_have_one_caption_and_play_the_first_two():
    samples = np.zeros((64, RATE // 2), np.float32)
    samples[0], samples[1], samples[40] = 0.1, 0.2, 0.5
    samples[41, 3] = np.nan
    shown = notebook.show(AudioSamples.new_multi(samples, RATE))
    assert spans(shown)[:3] == [
        "64 channels",
        "peak -6.0 dBFS, <b>1 NaN</b>",
        "the loudest is channel 40",
    ]
    assert "plays the first two of 64 channels" in spans(shown)
    np.testing.assert_allclose(played(shown), samples[:2], atol=2.0**-15)
    assert len(shown.split("base64,")[0]) < 150_000


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_long_recording_has_a_small_preview(channels):
    audio = AudioSamples.zeros((channels, 120 * RATE), RATE, dtype=np.float32)
    audio[:RATE] = 0.25
    shown = notebook.show(audio)
    assert len(shown) < 700_000
    preview = played(shown)
    assert (preview.num_channels, preview.sample_rate) == (1, 22_050)
    assert preview.duration == pytest.approx(10.2, abs=0.1)
    np.testing.assert_allclose(preview[1_000:20_000], 0.25, atol=1e-3)
    assert any("the first 10.2 s" in text and "22.05 kHz" in text for text in spans(shown))
    assert 'notebook.show(audio, player="whole")' in shown


def test_the_caller_chooses_what_the_player_has():
    audio = tone(6, channels=2)
    whole = played(notebook.show(audio, player="whole"))
    np.testing.assert_allclose(whole, audio, atol=2.0**-15)
    assert played(notebook.show(audio, player="none")) is None
    stereo = played(notebook.show(audio, mono=False))
    assert (stereo.num_channels, stereo.sample_rate) == (2, 22_050)
    assert stereo.duration < 6
    small = played(notebook.show(audio, player="whole", mono=True, sample_rate=8_000))
    assert small.shape == (48_000,)
    assert small.sample_rate == 8_000
    with pytest.raises(ValueError, match="'preview', 'whole' or 'none', not 'all'"):
        notebook.show(audio, player="all")


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 44_101, 22_050, 8_000, 1])
def test_any_rate_has_a_preview(rate, monkeypatch):
    monkeypatch.setattr(notebook, "PREVIEW_BYTES", 50_000)
    preview = played(notebook.show(AudioSamples.zeros((2, 40_000), rate)))
    assert preview.num_channels == 1
    assert rate % preview.sample_rate == 0
    assert preview.nbytes // 2 <= 50_000 + 2


@pytest.mark.parametrize(
    ("seconds", "marks"),
    [
        (0.001, ["0.0000 s", "0.0002 s", "0.0004 s", "0.0006 s", "0.0008 s", "0.0010 s"]),
        (2.5, ["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s", "2.5 s"]),
        (60, ["0 s", "20 s", "40 s", "60 s"]),
        (200, ["0:00", "1:00", "2:00", "3:00"]),
        (3_600, ["0:00", "20:00", "40:00", "1:00:00"]),
        (36_000, ["0:00", "2:00:00", "4:00:00", "6:00:00", "8:00:00", "10:00:00"]),
    ],
)
def test_the_time_axis(seconds, marks):
    shown = notebook.show(AudioSamples.zeros(round(seconds * 1_000), 1_000), player="none")
    axis = shown.split('aria-label="time axis"')[1]
    assert spans(axis) == marks
    places = [float(place) for place in re.findall(r"left:([\d.]+)%", axis)]
    first, second, *_, last = places
    np.testing.assert_allclose(places, np.arange(len(marks)) * second, atol=0.01)
    assert (first, last) == (0, pytest.approx(100 if marks[-1] != "3:00" else 90))


def test_colours_follow_the_page():
    shown = notebook.show(tone())
    assert "prefers-color-scheme:dark" in shown
    assert "currentColor" in shown
    style = shown.split("<style>")[1].split("</style>")[0]
    assert all(rule.strip().startswith((".audio-samples", "[data-jp", ".vscode", "@media"))
               for rule in re.findall(r"(?:^|\})([^{}]+)\{", style))  # fmt: skip
