"""What errors and warnings advise works when it is followed."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import signals
from signals import make_audio

import audio_samples
from audio_samples import AudioFileError, AudioSamples

RATE = 8_000
DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def mono():
    return signals.mono(5, rate=RATE)


@pytest.fixture
def stereo():
    return signals.stereo(5, rate=RATE)


def told(kind, work):
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


def test_one_channel_of_audio_is_not_one_frame_of_it(mono, stereo):
    advice = told(ValueError, lambda: AudioSamples.new_mono(stereo, RATE))
    assert "audio.channel(0)" in advice
    assert "[0]" not in advice
    assert "(2, 5)" in advice
    assert stereo.channel(0).shape == (5,)
    advice = told(ValueError, lambda: AudioSamples.new_mono(stereo, RATE, dtype="int16"))
    assert "audio.channel(0)" in advice
    advice = told(ValueError, lambda: AudioSamples.new_multi(mono, RATE))
    assert "new_multi([audio, audio], sample_rate)" in advice
    assert AudioSamples.new_multi([mono, mono], RATE).shape == (2, 5)
    arrays = told(ValueError, lambda: AudioSamples.new_mono(np.zeros((2, 5)), RATE))
    assert "array[0]" in arrays


def followed(advice, audio, other):
    """What the first statement of the advice leaves in `audio`."""
    statement = re.search(r"(?:as in |; )(audio.*?)(?:, or| takes|$)", advice)
    assert statement, advice
    names = {"audio": audio, "other": other}
    exec(statement[1], names)
    return names["audio"]


def test_mono_audio_takes_one_channel_of_stereo_audio(mono, stereo):
    advice = told(ValueError, lambda: mono.__iadd__(stereo))
    assert "operand" not in advice
    assert "(2, 5)" in advice
    assert "(5,)" in advice
    assert followed(advice, mono.copy(), stereo).to_numpy().tolist() == [0, 2, 4, 6, 8]
    advice = told(ValueError, lambda: mono.__setitem__(slice(None), stereo))
    followed(advice, mono, stereo)
    assert mono.to_numpy().tolist() == [0, 1, 2, 3, 4]


def test_one_channel_with_an_axis_of_its_own_is_stored_in_mono_audio(mono, stereo):
    one = stereo[:1, :]
    assert one.shape == (1, 5)
    mono[:] = one
    assert np.array_equal(mono, stereo.channel(0))
    assert (one + mono).shape == (mono + one).shape == (1, 5)


@pytest.mark.parametrize("frames", [3, 9])
@pytest.mark.parametrize("channels", [1, 2])
def test_two_lengths_are_told_in_frames_with_the_slice_that_fits(frames, channels):
    shape = (lambda n: (n,)) if channels == 1 else (lambda n: (2, n))
    audio, other = (make_audio(np.ones(shape(n)), RATE) for n in (5, frames))
    for work, symbol in (
        (lambda: audio + other, "+"),
        (lambda: audio.__imul__(other), "*="),
        (lambda: audio.__setitem__(slice(None), other), "="),
    ):
        advice = told(ValueError, work)
        assert f"5 frames and audio of {frames} frames" in advice
        assert f" {symbol} " in advice
        followed(advice, audio, other)
    assert np.all(audio.to_numpy() == 1)


def test_two_numbers_of_channels_are_told_with_the_slice_that_fits(stereo):
    many = AudioSamples.new_multi(np.ones((6, 5), np.float32), RATE)
    for audio, other in ((stereo.copy(), many), (many.copy(), stereo)):
        advice = told(ValueError, lambda audio=audio, other=other: audio.__iadd__(other))
        changed = followed(advice, audio, other).to_numpy()
        assert changed[:2].tolist() == (stereo.to_numpy() + 1).tolist()


def test_the_truth_of_audio_names_what_audio_has(mono):
    for audio in (mono, mono[:0]):
        advice = told(ValueError, lambda audio=audio: bool(audio))
        assert f"audio of {len(audio)} samples is ambiguous" in advice
        assert ".any()" not in advice
    assert "np.array_equal(a, b)" in advice
    assert bool(mono[1:2])
    assert not bool(mono[:1])


def test_a_fraction_of_a_mapped_file_of_integers_is_for_edit(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.new_mono(np.array([100, -100], np.int16), RATE))
    with audio_samples.open(path, "r+") as audio:
        advice = told(TypeError, lambda: audio.__imul__(0.5))
        assert "edit(path)" in advice
        assert "audio //= 2" in advice
        audio //= 2
    with audio_samples.edit(path) as file:
        for block in file:
            block *= 0.5
    audio = audio_samples.read(path, dtype="stored")
    assert audio.to_numpy().tolist() == [25, -25]
    assert "edit(" not in told(TypeError, lambda: audio.__imul__(0.5))


def test_the_warning_of_edit_says_what_can_be_done_about_a_file(tmp_path):
    path, floats = tmp_path / "a.wav", tmp_path / "b.wav"
    audio_samples.write(path, AudioSamples.new_mono(np.array([30_000], np.int16), RATE))
    audio_samples.write(floats, audio_samples.read(path, dtype="float32"))
    file = audio_samples.edit(path)
    for block in file:
        block *= 2
    with pytest.warns(UserWarning, match="1 sample in the file was clipped") as caught:
        file.close()
    assert "subtype" not in str(caught[0].message)
    assert "write(path, read(path, dtype='float32'))" in str(caught[0].message)
    with warnings.catch_warnings(), audio_samples.edit(floats) as file:
        warnings.simplefilter("error")
        for block in file:
            block *= 2
    assert audio_samples.read(floats)[0] > 1


@pytest.mark.parametrize("other", [np.int64, np.int8, np.uint16, np.float16, np.bool_])
@pytest.mark.parametrize("called", ["new_mono", "new_multi", "from_numpy"])
def test_the_constructor_that_was_called_is_the_one_that_is_advised(called, other):
    data = np.ones((2, 3) if called == "new_multi" else 3).astype(other)
    new = getattr(AudioSamples, called)
    advice = told(TypeError, lambda: new(data, RATE))
    statement = re.search(r"AudioSamples\.(\w+)\(data, sample_rate, [^)]*\)", advice)
    assert statement, advice
    assert statement[1] == called
    names = {"AudioSamples": AudioSamples, "data": data, "sample_rate": RATE}
    assert np.array_equal(eval(statement[0], names).to_numpy(), data)


def test_a_list_of_rows_is_told_the_constructor_that_was_called():
    advice = told(TypeError, lambda: AudioSamples.new_multi([[1, 2]], RATE))
    assert "AudioSamples.new_multi(data, sample_rate, dtype='int16')" in advice


def test_a_buffer_of_other_numbers_is_no_matter_of_another_name_for_its_bytes():
    buffer = memoryview(np.arange(3, dtype=np.int64))
    advice = told(TypeError, lambda: AudioSamples.from_buffer(buffer, RATE))
    assert "AudioSamples.new_mono(data, sample_rate, dtype='int16')" in advice
    audio = AudioSamples.new_mono(buffer, RATE, dtype="int16")
    assert audio.to_numpy().tolist() == [0, 1, 2]


@pytest.mark.parametrize("cut", [1_000, 20_000])
def test_a_cut_mp4_file_is_said_to_be_cut(tmp_path, cut):
    path = tmp_path / "cut.m4a"
    path.write_bytes((DATA / "tabla.m4a").read_bytes()[:cut])
    for work in (audio_samples.read, audio_samples.info, audio_samples.stream):
        advice = told(AudioFileError, lambda work=work: work(path))
        assert re.search(r"cut short|damaged", advice)
        assert "plain samples" not in advice
    assert "plain samples" in told(AudioFileError, lambda: audio_samples.open(path))


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("int24", "int16, int32, float32 or float64; int32 holds 24 bits"),
        ("PCM_16", r"int16, int32, float32 or float64; PCM_16 is an encoding of files"),
        ("loud", "'loud' is no sample type; samples are int16, int32, float32 or float64"),
        (int, "int64 is no sample type; samples are int16, int32, float32 or float64; audio.to_n"),
    ],
)
def test_a_type_that_is_none_is_told_those_that_there_are(mono, given, advice):
    for work in (mono.convert, mono.astype, lambda dtype: AudioSamples.zeros(3, RATE, dtype=dtype)):
        assert re.search(advice, told(TypeError, lambda work=work: work(given)))
