"""Sizes that a program could not fill in, because it wrote into a pipe or was ended: what is there
is read, as soundfile and FFmpeg do."""

import io
import struct

import numpy as np
import pytest
import soundfile

import audio_samples as aus

RATE = 44_100
SAMPLES = np.random.default_rng(0).integers(-20_000, 20_000, (1_000, 2)).astype("int16")


def file(container):
    content = io.BytesIO()
    soundfile.write(content, SAMPLES, RATE, format=container, subtype="PCM_16")
    return bytearray(content.getvalue())


def with_numbers(container, order, numbers):
    """A file with other numbers behind some of its words."""
    content = file(container)
    for word, behind, number in numbers:
        struct.pack_into(f"{order}I", content, content.index(word) + behind, number)
    return bytes(content)


WAV_SIZES = [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFDB, 0xFFFFF000, 0x80000000, 0x7FFFFFFF, 0x7FFFF000, 0]
UNKNOWN = {
    **{
        f"WAV {size:x}": ("WAV", "<", [(b"data", 4, size), (b"RIFF", 4, min(size + 36, 2**32 - 1))])
        for size in WAV_SIZES
    },
    "WAV without a size of its own": ("WAV", "<", [(b"RIFF", 4, 0)]),
    "RF64 with a small size of 0": ("RF64", "<", [(b"data", 4, 0)]),
    "RF64 without a small size of its own": ("RF64", "<", [(b"RF64", 4, 0)]),
    "AIFF 0": ("AIFF", ">", [(b"SSND", 4, 0), (b"COMM", 10, 0), (b"FORM", 4, 0)]),
    "AIFF ffffffff": ("AIFF", ">", [(b"SSND", 4, 2**32 - 1), (b"COMM", 10, 2**32 - 1)]),
    "AIFF 7fffffff": ("AIFF", ">", [(b"SSND", 4, 2**31 - 1)]),
    "AIFF of fewer frames": ("AIFF", ">", [(b"COMM", 10, 500)]),
    "AIFF of no frames": ("AIFF", ">", [(b"COMM", 10, 0)]),
    "AIFF of unknown frames": ("AIFF", ">", [(b"COMM", 10, 2**32 - 1)]),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_there_is_read(what, tmp_path):
    content = with_numbers(*UNKNOWN[what])
    audio = aus.read(io.BytesIO(content), dtype="int16")
    np.testing.assert_array_equal(audio.frames_first, SAMPLES)
    if what != "WAV 0":  # which soundfile takes for no frames, and FFmpeg for all
        oracle = soundfile.read(io.BytesIO(content), dtype="int16")[0]
        np.testing.assert_array_equal(oracle, SAMPLES)
    info = aus.info(io.BytesIO(content))
    assert (info.frames, info.damage) == (1_000, None)
    part = aus.read(io.BytesIO(content), start=900, dtype="int16")
    np.testing.assert_array_equal(part.frames_first, SAMPLES[900:])
    path = tmp_path / "file"
    path.write_bytes(content)
    with aus.edit(path) as blocks:
        for block in blocks:
            block *= -1
    np.testing.assert_array_equal(aus.read(path, dtype="int16").frames_first, -SAMPLES)
    assert len(path.read_bytes()) == len(content)


def w64(size):
    content = file("W64")
    struct.pack_into("<Q", content, content.index(b"data") + 16, size)
    return bytes(content)


@pytest.mark.parametrize("size", [2**64 - 1, 2**63 - 1, 2**63 - 25, 2**62])
def test_the_largest_size_of_w64_is_none(size):
    audio = aus.read(io.BytesIO(w64(size)), dtype="int16")
    np.testing.assert_array_equal(audio.frames_first, SAMPLES)


@pytest.mark.parametrize(
    "content",
    [
        with_numbers("WAV", "<", [(b"data", 4, 5_000), (b"RIFF", 4, 5_036)]),
        with_numbers("WAV", "<", [(b"data", 4, 0xFFFE0000), (b"RIFF", 4, 0xFFFE0024)]),
        with_numbers("AIFF", ">", [(b"SSND", 4, 5_008), (b"COMM", 10, 1_250)]),
        with_numbers("AIFF", ">", [(b"COMM", 10, 1_001)]),
        w64(5_024),
    ],
)
def test_a_size_that_can_be_says_that_something_is_missing(content):
    with pytest.raises(aus.AudioFileError, match=r"cut short|claims 1001 frames"):
        aus.read(io.BytesIO(content))


def test_an_aiff_file_without_a_frame_has_none():
    content = io.BytesIO()
    soundfile.write(content, SAMPLES[:0], RATE, format="AIFF", subtype="PCM_16")
    assert aus.read(io.BytesIO(content.getvalue())).shape == (2, 0)
    behind = content.getvalue() + b"ANNO" + struct.pack(">I", 12) + b"nothing here"
    assert aus.read(io.BytesIO(behind)).shape == (2, 0)
