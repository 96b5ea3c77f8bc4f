"""The type that reading gives: floats to compute with, unless another one is named."""

import numpy as np
import pytest
import soundfile
from signals import tones

import audio_samples
from audio_samples import AudioSamples

# What is stored, what `dtype="stored"` gives and what reading gives by itself.
KINDS = [
    ("WAV", "PCM_U8", "int16", "float32"),
    ("WAV", "PCM_16", "int16", "float32"),
    ("WAV", "PCM_24", "int32", "float32"),
    ("WAV", "PCM_32", "int32", "float64"),
    ("WAV", "FLOAT", "float32", "float32"),
    ("WAV", "DOUBLE", "float64", "float64"),
    ("AIFF", "PCM_24", "int32", "float32"),
    ("FLAC", "PCM_16", "int16", "float32"),
    ("FLAC", "PCM_24", "int32", "float32"),
    ("OGG", "VORBIS", "float32", "float32"),
]


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(kind[:2]))
def kind(request, tmp_path):
    container, subtype, stored, read = request.param
    path = tmp_path / f"a.{container.lower()}"
    soundfile.write(path, tones(2, 3_000), 44_100, format=container, subtype=subtype)
    return path, np.dtype(stored), np.dtype(read)


def everything_that_reads(path, **how):
    yield audio_samples.read(path, **how)
    yield audio_samples.read_many([path], **how)[0]
    yield next(audio_samples.iter_many([path], **how))
    yield next(audio_samples.stream(path, 10_000, **how))


def test_by_itself_it_is_floats_of_full_scale(kind):
    path, _, dtype = kind
    expected = soundfile.read(path, dtype=dtype.name, always_2d=True)[0].T
    for audio in everything_that_reads(path):
        assert audio.dtype == dtype
        assert np.abs(audio.to_numpy() - expected).max() < 5e-6
    assert audio_samples.info(path).dtype == dtype
    assert audio_samples.stream(path).dtype == dtype


def test_stored_is_the_files_own(kind):
    path, dtype, _ = kind
    expected = audio_samples.read(path, dtype=dtype)
    for audio in everything_that_reads(path, dtype="stored"):
        assert audio.dtype == dtype
        assert np.array_equal(audio, expected)
    assert audio_samples.info(path).stored_dtype == dtype


def test_a_name_is_any_type(kind):
    path, _, _ = kind
    for dtype in ("int16", np.int32, "float32", np.dtype("float64")):
        for audio in everything_that_reads(path, dtype=dtype):
            assert audio.dtype == np.dtype(dtype)


def test_edit_and_read_agree(tmp_path):
    for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        path = tmp_path / f"{subtype}.wav"
        soundfile.write(path, tones(1, 500), 8_000, subtype=subtype)
        for how in ({}, {"dtype": "stored"}, {"dtype": "int16"}):
            with audio_samples.edit(path, **how) as file:
                assert np.array_equal(next(file), audio_samples.read(path, **how))


def test_a_script_that_computes_needs_no_dtype(tmp_path):
    """Integers would wrap, or refuse the factor."""
    path = tmp_path / "a.wav"
    values = np.array([1, -30_000, 32_767, -32_768], np.int16)
    audio_samples.write(path, AudioSamples.new_mono(values, 8_000))
    audio = audio_samples.read(path)
    audio *= 0.5
    assert np.array_equal(audio, values / 65_536)


def test_what_opens_gives_what_lies_there(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tones(2, 100), 8_000, subtype="PCM_16")
    assert audio_samples.open(path).dtype == np.int16
