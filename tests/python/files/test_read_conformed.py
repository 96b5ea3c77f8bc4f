"""Files read at another rate and in other channels: what the methods make of the whole."""

import io

import numpy as np
import pytest
import soundfile
from signals import tones

import audio_samples
from audio_samples import AudioFileError, AudioSamples, SampleRateError

FORMATS = {
    "wav": "PCM_16",
    "flac": "PCM_24",
    "mp3": "MPEG_LAYER_III",
    "ogg": "VORBIS",
    "aiff": "FLOAT",
}


def file_of(ending, frames=70_000, channels=2, rate=44_100):
    target = io.BytesIO()
    container = {"ogg": "OGG"}.get(ending, ending.upper())
    soundfile.write(target, tones(channels, frames, rate), rate, FORMATS[ending], format=container)
    return target.getvalue()


def mean(audio):
    """All channels in one, in float64, rounded once."""
    return AudioSamples.new_mono(
        np.asarray(audio).astype("float64").mean(axis=0).astype(audio.dtype), audio.sample_rate
    )


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize(
    ("rate", "channels"), [(16_000, 1), (48_000, None), (None, 1), (16_000, 2)]
)
def test_it_is_what_the_methods_make_of_the_file(ending, rate, channels):
    content = file_of(ending)
    whole = audio_samples.read(content)
    found = audio_samples.read(content, sample_rate=rate, channels=channels)
    mixed = mean(whole) if channels == 1 else whole
    expected = mixed if rate is None else mixed.resample(rate)
    assert found.sample_rate == (rate or 44_100)
    assert found.shape == expected.shape
    assert np.array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64", "stored"])
def test_the_type_is_the_callers(dtype):
    content = file_of("wav")
    found = audio_samples.read(content, sample_rate=22_050, channels=1, dtype=dtype)
    exact = mean(audio_samples.read(content, dtype="float64")).resample(22_050)
    assert found.dtype == ("int16" if dtype == "stored" else dtype)
    steps = {"int16": 2**-15, "float64": 1e-12}.get(found.dtype.name, 2e-7)
    assert np.abs(np.asarray(found.convert("float64")) - np.asarray(exact)).max() <= steps


def test_a_range_is_one_of_the_files_frames():
    content = file_of("flac")
    found = audio_samples.read(content, start=10_000, frames=30_000, sample_rate=16_000)
    part = audio_samples.read(content, start=10_000, frames=30_000)
    assert np.array_equal(np.asarray(found), np.asarray(part.resample(16_000)))
    assert audio_samples.read(content, start=70_000, sample_rate=16_000).shape == (2, 0)
    with pytest.raises(IndexError, match="70001"):
        audio_samples.read(content, start=70_001, sample_rate=16_000)


def test_mono_becomes_any_number_of_channels():
    content = file_of("wav", channels=1)
    found = audio_samples.read(content, channels=3)
    assert found.shape == (3, 70_000)
    assert all(np.array_equal(row, audio_samples.read(content)) for row in np.asarray(found))
    with pytest.raises(ValueError, match="5 channels do not become 2"):
        audio_samples.read(file_of("wav", channels=5), channels=2)
    with pytest.raises(ValueError, match="channels must be from 1"):
        audio_samples.read(content, channels=0)
    with pytest.raises(ValueError, match="sample_rate"):
        audio_samples.read(content, sample_rate=0)


def test_what_the_file_is_already_costs_nothing():
    content = file_of("wav")
    same = audio_samples.read(content, sample_rate=44_100, channels=2)
    assert np.array_equal(np.asarray(same), np.asarray(audio_samples.read(content)))


def test_out_takes_it():
    content = file_of("wav")
    expected = audio_samples.read(content, sample_rate=16_000, channels=1)
    batch = np.zeros((3, len(expected)), "float32")
    row = AudioSamples.from_numpy(batch[1], 16_000)
    found = audio_samples.read(content, sample_rate=16_000, channels=1, out=row)
    assert found is row
    assert np.array_equal(batch[1], expected)
    assert not batch[[0, 2]].any()
    for wrong, error in (
        (AudioSamples.zeros(len(expected), 8_000, dtype="float32"), SampleRateError),
        (AudioSamples.zeros((2, len(expected)), 16_000, dtype="float32"), ValueError),
        (AudioSamples.zeros(len(expected) - 1, 16_000, dtype="float32"), ValueError),
    ):
        with pytest.raises(error):
            audio_samples.read(content, sample_rate=16_000, channels=1, out=wrong)
        assert not np.asarray(wrong).any()


def test_long_files_take_the_memory_of_a_part():
    """More than one part, with the bits of the whole."""
    content = file_of("wav", frames=5_000_000, channels=1, rate=48_000)
    found = audio_samples.read(content, sample_rate=8_000)
    whole = audio_samples.read(content).resample(8_000)
    assert np.array_equal(np.asarray(found), np.asarray(whole))


def test_many_files(tmp_path):
    paths = []
    for number, ending in enumerate(FORMATS):
        path = tmp_path / f"{number}.{ending}"
        path.write_bytes(file_of(ending, frames=20_000))
        paths.append(path)
    expected = [audio_samples.read(path, sample_rate=16_000, channels=1) for path in paths]
    many = audio_samples.read_many(paths, sample_rate=16_000, channels=1)
    lazily = audio_samples.iter_many(paths, sample_rate=16_000, channels=1)
    for one, two, three in zip(expected, many, lazily, strict=True):
        assert np.array_equal(one.to_numpy(), two.to_numpy())
        assert np.array_equal(one.to_numpy(), three.to_numpy())


def test_a_damaged_file_is_an_error():
    content = file_of("flac")
    with pytest.raises(AudioFileError):
        audio_samples.read(content[: len(content) // 2], sample_rate=16_000)
