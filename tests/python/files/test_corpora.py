"""The audio files that other packages bring along as test data, read as others read them.

Each is equal to an oracle or near one, or is refused with a reason. SciPy's and CPython's are taken
where they are installed. `AUDIO_SAMPLES_CORPORA` names more folders, such as unpacked source
distributions; `pytest -s` prints the table.
"""

import collections
import os
import sysconfig
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
import scipy
import soundfile

import audio_samples
from audio_samples import AudioFileError

FORMATS = """
3gp aac ac3 aif aifc aiff amr ape au caf dff dsf eac3 flac m4a m4b mka mkv mp1 mp2 mp3 mp4 mpc oga
ofr ogg opus rf64 snd spx tak tta voc w64 wav webm wma wv
"""
SUFFIXES = {f".{name}" for name in FORMATS.split()}
# Rounding of lossy decoders; Opus is decoded in fixed point here and in floats there.
EQUAL, NEAR = 2e-5, 5e-4


def folders() -> list[Path]:
    """Where test data lies."""
    more = os.environ.get("AUDIO_SAMPLES_CORPORA", "").split(os.pathsep)
    known = [Path(scipy.__file__).parent / "io", Path(sysconfig.get_path("stdlib")) / "test"]
    return known + [Path(folder) for folder in more if folder]


FILES = sorted(
    path for folder in folders() for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES
)
VERDICTS: collections.Counter[tuple[str, str]] = collections.Counter()


@pytest.fixture(scope="module", autouse=True)
def table():
    """Prints what became of each kind of file."""
    yield
    for suffix in sorted({suffix for suffix, _ in VERDICTS}):
        counts = {verdict: n for (of, verdict), n in sorted(VERDICTS.items()) if of == suffix}
        print(f"\n{suffix:6}", counts, end="")


def by_soundfile(path):
    try:
        samples, rate = soundfile.read(path, always_2d=True)
    except (soundfile.LibsndfileError, ValueError):
        return None
    return samples.T, rate


def by_ffmpeg(path):
    scales = {"u1": 2**-7, "i2": 2**-15, "i4": 2**-31}
    parts, rate = [], None
    try:
        with av.open(str(path)) as file:
            for frame in file.decode(audio=0):
                values = frame.to_ndarray()
                if not frame.format.is_planar:
                    values = values.reshape(-1, frame.layout.nb_channels).T
                rest = 128.0 if values.dtype == np.uint8 else 0.0
                parts.append((values - rest) * scales.get(values.dtype.str[1:], 1))
                rate = frame.sample_rate
    except (av.FFmpegError, IndexError, ValueError):
        return None
    return (np.concatenate(parts, axis=1), rate) if parts else None


def difference(ours, theirs):
    """The largest difference of all frames; infinite if rate, channels or frames differ."""
    (x, rate), (y, other) = ours, theirs
    if rate != other or x.shape != y.shape:
        return np.inf
    return np.abs(x - y).max(initial=0.0)


def test_there_are_files():
    assert len(FILES) >= 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_read_as_others_read_it_or_refused_with_the_reason(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracles = [found for found in (by_soundfile(path), by_ffmpeg(path)) if found]
    try:
        audio = audio_samples.read(path)
    except AudioFileError as error:
        message = str(error)
        VERDICTS[path.suffix, "refused; others read it" if oracles else "refused by all"] += 1
        if oracles:
            reasons = ("ffmpeg", "frames=", "claims", "damaged", "cut short", "changes from")
            assert any(reason in message for reason in reasons), message
        return
    ours = np.atleast_2d(audio.to_numpy()), audio.sample_rate
    best = min((difference(ours, theirs) for theirs in oracles), default=None)
    if best is None:
        VERDICTS[path.suffix, "read here alone"] += 1
    elif best <= NEAR:
        VERDICTS[path.suffix, "equal" if best <= EQUAL else "near"] += 1
    else:
        # Others end with a packet, or leave one out: the frames that both have are the same.
        VERDICTS[path.suffix, "other ends"] += 1
        assert any(is_part(ours, theirs) for theirs in oracles), [y.shape for y, _ in oracles]


def is_part(ours, theirs):
    """Whether the frames of both are alike, but for one packet in front or behind."""
    (x, rate), (y, other) = ours, theirs
    if rate != other or x.shape[0] != y.shape[0]:
        return False
    packet = 1_152
    for lead in (0, 1_024, packet, -1_024, -packet):
        a, b = x[:, max(lead, 0) :], y[:, max(-lead, 0) :]
        frames = min(a.shape[1], b.shape[1])
        is_long = max(a.shape[1], b.shape[1]) - frames <= packet
        if is_long and np.abs(a[:, :frames] - b[:, :frames]).max(initial=0.0) <= NEAR:
            return True
    return False
