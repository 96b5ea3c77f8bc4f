"""Every file that other libraries ship or write: the samples that they read, or an error."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import scipy
import soundfile
from containers import NATIVE
from scipy.io import wavfile
from signals import RATE, tones

import audio_samples
from audio_samples import AudioFileError

PLAIN = ["PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]
NO_SAMPLE_TYPE = ("PCM_S8", "PCM_U8", "PCM_24", "ULAW", "ALAW")
CONTAINERS = ["WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF"]


def written_by_soundfile():
    for container in CONTAINERS:
        for subtype in PLAIN:
            for endian in ("FILE", "LITTLE", "BIG"):
                if soundfile.check_format(container, subtype, endian):
                    yield container, subtype, endian


WRITTEN = list(written_by_soundfile())


def signal(channels, dtype="float64", frames=777):
    values = np.random.default_rng(7).uniform(-1, 1, (frames, channels))
    return values.astype(dtype)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(("container", "subtype", "endian"), WRITTEN)
def test_what_soundfile_writes_is_read_to_the_bit(tmp_path, container, subtype, endian, channels):
    path = tmp_path / f"a.{container.lower()}"
    soundfile.write(path, signal(channels), RATE, format=container, subtype=subtype, endian=endian)
    native = NATIVE[subtype]
    expected = soundfile.read(path, dtype=native, always_2d=True)[0].T
    audio = audio_samples.read(path, dtype="stored")
    assert audio.dtype == native
    assert (audio.sample_rate, audio.num_channels) == (RATE, channels)
    assert np.array_equal(audio.to_numpy().reshape(channels, -1), expected)
    info = audio_samples.info(path)
    # 777, but for a file of odd length whose padding libsndfile counts.
    assert info.frames == expected.shape[1]
    assert info.subtype == subtype
    part = audio_samples.read(path, start=100, frames=50, dtype=np.float32)
    wanted = soundfile.read(path, start=100, frames=50, dtype="float32", always_2d=True)[0].T
    assert np.array_equal(part.to_numpy().reshape(channels, -1), wanted)


@pytest.mark.parametrize(("container", "subtype", "endian"), WRITTEN)
def test_what_lies_as_the_machine_reads_it_is_mapped(tmp_path, container, subtype, endian):
    path = tmp_path / f"a.{container.lower()}"
    soundfile.write(path, signal(2), RATE, format=container, subtype=subtype, endian=endian)
    native = NATIVE[subtype]
    before = soundfile.read(path, dtype=native)[0].T
    little = endian == "LITTLE" or (endian == "FILE" and container not in ("AIFF", "CAF"))
    if not little or subtype in NO_SAMPLE_TYPE:
        reason = "no sample type" if subtype in NO_SAMPLE_TYPE else "big-endian"
        with pytest.raises(AudioFileError, match=reason):
            audio_samples.open(path)
        return
    with audio_samples.open(path, "r+") as audio:
        assert np.array_equal(audio.to_numpy(), before)
        audio += 1
    assert np.array_equal(soundfile.read(path, dtype=native)[0].T, before + before.dtype.type(1))


def scipys_files():
    folder = Path(scipy.__file__).parent / "io" / "tests" / "data"
    return sorted(folder.glob("*.wav"))


# What we refuse, with the reason.
REFUSED = {
    "test-8000Hz-le-3ch-5S-24bit-inconsistent.wav": "frames of",
    "test-44100Hz-le-1ch-4bytes-incomplete-chunk.wav": "in the middle of a chunk's header",
    "test-8000Hz-le-3ch-5S-36bit.wav": "36-bit",
    "test-8000Hz-le-3ch-5S-45bit.wav": "45-bit",
    "test-8000Hz-le-3ch-5S-53bit.wav": "53-bit",
    "test-8000Hz-le-3ch-5S-64bit.wav": "64-bit",
    "test-44100Hz-le-1ch-4bytes-early-eof.wav": "cut short|became shorter|ends",
    "test-44100Hz-le-1ch-4bytes-early-eof-no-data.wav": "data|ends",
}


@pytest.mark.filterwarnings("ignore::scipy.io.wavfile.WavFileWarning")
@pytest.mark.parametrize("path", scipys_files(), ids=lambda path: path.stem)
def test_scipys_own_files_are_read_to_the_bit_or_refused_with_the_place(path):
    reason = REFUSED.get(path.name)
    if reason is not None:
        with pytest.raises(AudioFileError, match=reason) as caught:
            audio_samples.read(path, dtype="stored")
        assert caught.value.offset is not None
        return
    audio = audio_samples.read(path, dtype="stored")
    if "ulaw" in path.name:
        # SciPy has none of it.
        assert np.array_equal(audio.to_numpy(), soundfile.read(path, dtype="int16")[0])
        return
    rate, expected = wavfile.read(path)
    assert audio.sample_rate == rate
    if expected.dtype == np.uint8:
        expected = (expected.astype(np.int16) - 128) << 8
    expected = expected if expected.ndim == 1 else expected.T
    assert np.array_equal(audio.to_numpy(), expected)


def the_interpreters_files():
    import test as package

    folder = Path(package.__path__[0])
    found = sorted((folder / "audiodata").glob("*.*"))
    return found or sorted(folder.glob("audiotest.*"))


INTERPRETERS = [
    path for path in the_interpreters_files() if path.suffix in (".wav", ".aiff", ".aifc")
]


def test_the_interpreter_ships_audio_files():
    assert INTERPRETERS or sys.version_info >= (3, 13)


@pytest.mark.parametrize("path", INTERPRETERS, ids=lambda path: path.name)
def test_the_interpreters_own_files_are_read_to_the_bit_or_refused(path):
    audio = audio_samples.read(path, dtype="stored")
    expected, rate = soundfile.read(path, dtype=audio.dtype.name, always_2d=True)
    assert audio.sample_rate == rate
    assert np.array_equal(audio.to_numpy().reshape(audio.num_channels, -1), expected.T)
    if path.suffix != ".wav":
        return
    with wave.open(str(path), "rb") as file:
        raw = file.readframes(file.getnframes())
        width, channels = file.getsampwidth(), file.getnchannels()
    back = audio.frames_first.reshape(-1, channels)
    if width == 1:
        raw_again = ((back >> 8) + 128).astype(np.uint8).tobytes()
    elif width == 3:
        raw_again = np.ascontiguousarray(back).view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    else:
        raw_again = back.tobytes()
    assert raw_again == raw


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


def all_that_soundfile_writes():
    """Each container and subtype that soundfile can write as stereo or mono."""
    for container in soundfile.available_formats():
        for subtype in soundfile.available_subtypes(container):
            if soundfile.check_format(container, subtype):
                yield container, subtype


def write(path, container, subtype):
    """A mono file, which every subtype has; None where soundfile gives up itself."""
    try:
        soundfile.write(path, tones(1, 9_000), RATE, format=container, subtype=subtype)
        return soundfile.read(path, dtype="float64")[0]
    except (soundfile.LibsndfileError, ValueError):
        return None


@pytest.mark.parametrize(("container", "subtype"), list(all_that_soundfile_writes()))
def test_it_is_read_as_soundfile_reads_it_or_refused(tmp_path, container, subtype):
    path = tmp_path / "a.bin"
    expected = write(path, container, subtype)
    if expected is None:
        return
    tolerance = NEAR.get((container, subtype))
    if container in (*CONTAINERS, "FLAC", "AU") and subtype in PLAIN:
        audio = audio_samples.read(path, dtype="stored")
        assert audio.dtype == NATIVE[subtype]
        assert np.array_equal(audio, soundfile.read(path, dtype=audio.dtype.name)[0])
    elif tolerance is not None:
        audio = audio_samples.read(path, dtype="float64")
        assert audio.shape == expected.shape
        assert np.abs(audio.to_numpy() - expected).max() <= tolerance
    else:
        with pytest.raises(AudioFileError) as caught:
            audio_samples.read(path, dtype="stored")
        assert caught.value.offset is not None
