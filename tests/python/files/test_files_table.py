"""Every container and subtype that soundfile writes: read as the guide's table says, or refused."""

import numpy as np
import pytest
import soundfile

import audio_samples
from audio_samples import AudioFileError

RATE = 48_000
PLAIN = {
    "PCM_S8": "int16",
    "PCM_U8": "int16",
    "PCM_16": "int16",
    "PCM_24": "int32",
    "PCM_32": "int32",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "ULAW": "int16",
    "ALAW": "int16",
}
CONTAINERS = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "FLAC"}
# How far samples of full scale 1 may be from soundfile's.
NEAR = {
    ("OGG", "VORBIS"): 4e-6,
    ("MP3", "MPEG_LAYER_III"): 4e-6,
    ("WAV", "IMA_ADPCM"): 0.003,
    # soundfile's own error; it is FFmpeg's to the bit.
    ("WAV", "MS_ADPCM"): 0.05,
    ("WAVEX", "IMA_ADPCM"): 0.003,
    ("WAVEX", "MS_ADPCM"): 0.05,
}


def written():
    """Each container and subtype that soundfile can write as stereo or mono."""
    for container in soundfile.available_formats():
        for subtype in soundfile.available_subtypes(container):
            if soundfile.check_format(container, subtype):
                yield container, subtype


def signal(frames=9_000):
    time = np.arange(frames) / RATE
    return 0.4 * np.sin(2 * np.pi * 440 * time) + np.random.default_rng(2).normal(0, 0.01, frames)


def write(path, container, subtype):
    """A mono file, which every subtype has; None where soundfile gives up itself."""
    try:
        soundfile.write(path, signal(), RATE, format=container, subtype=subtype)
        return soundfile.read(path, dtype="float64")[0]
    except (soundfile.LibsndfileError, ValueError):
        return None


@pytest.mark.parametrize(("container", "subtype"), list(written()))
def test_it_is_read_as_soundfile_reads_it_or_refused(tmp_path, container, subtype):
    path = tmp_path / "a.bin"
    expected = write(path, container, subtype)
    if expected is None:
        return
    tolerance = NEAR.get((container, subtype))
    if container in CONTAINERS and subtype in PLAIN:
        audio = audio_samples.read(path)
        assert audio.dtype == PLAIN[subtype]
        assert np.array_equal(audio, soundfile.read(path, dtype=audio.dtype.name)[0])
    elif tolerance is not None:
        audio = audio_samples.read(path, dtype="float64")
        assert audio.shape == expected.shape
        assert np.abs(audio.to_numpy() - expected).max() <= tolerance
    else:
        with pytest.raises(AudioFileError) as caught:
            audio_samples.read(path)
        assert caught.value.offset is not None
